package gpkg

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/geo"
)

// twoVersions publishes two versions that share all features but one, and closes
// the store.
func twoVersions(t *testing.T, path string) (first, second geo.Version, code geo.Code) {
	t.Helper()
	s := open(t, path)
	fs := someFeatures(rand.New(rand.NewPCG(77, 0)), geo.Cells, 60)
	first = saveDraft(t, s, geo.Cells, fs)
	if _, err := s.Publish(t.Context(), first.ID, 0, time.Now()); err != nil {
		t.Fatal(err)
	}
	fs[20].Name = "only in the second"
	second = saveDraft(t, s, geo.Cells, fs)
	if _, err := s.Publish(t.Context(), second.ID, 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Verify(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	return first, second, fs[20].Code
}

func readAll(t *testing.T, s *Store, id string) error {
	t.Helper()
	for _, err := range s.Features(t.Context(), id) {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestChangedByHand: SQL that somebody ran on our tables is found out where it is
// read, and by Verify, which names the version; other versions are read as before.
func TestChangedByHand(t *testing.T) {
	for what, change := range map[string]string{
		"a coordinate":       "UPDATE towngrid_feature SET geometry = substr(geometry, 1, length(geometry) - 1) || x'41' WHERE id = :id",
		"a geometry cut":     "UPDATE towngrid_feature SET geometry = substr(geometry, 1, 60) WHERE id = :id",
		"no geometry":        "UPDATE towngrid_feature SET geometry = x'' WHERE id = :id",
		"a geometry as text": "UPDATE towngrid_feature SET geometry = 'POINT (1 2)' WHERE id = :id",
		"a name":             "UPDATE towngrid_feature SET name = name || ' ' WHERE id = :id",
		"a code":             "UPDATE towngrid_feature SET code = '9999' WHERE id = :id",
		"a property":         "UPDATE towngrid_feature SET properties = json_set(properties, '$.unit', 'x') WHERE id = :id",
		"properties":         "UPDATE towngrid_feature SET properties = '[' WHERE id = :id",
		"a checksum":         "UPDATE towngrid_feature SET sum = zeroblob(32) WHERE id = :id",
		"a short checksum":   "UPDATE towngrid_feature SET sum = x'00' WHERE id = :id",
		"a lost feature":     "DELETE FROM towngrid_feature WHERE id = :id",
		"a lost row":         "DELETE FROM towngrid_history WHERE feature = :id",
		"an ended row":       "UPDATE towngrid_history SET last = first WHERE feature <> :id AND code = '0001'",
		"another feature":    "UPDATE towngrid_history SET feature = feature - 1 WHERE feature = :id",
		"a count":            "UPDATE towngrid_version SET features = 1000000000000 WHERE number = 2",
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.gpkg")
			first, second, code := twoVersions(t, path)
			s := open(t, path)
			err := s.write(t.Context(), func(tx *sql.Tx) error {
				var id int64
				if err := tx.QueryRow("SELECT feature FROM towngrid_history WHERE code = ? AND first = 2", string(code)).Scan(&id); err != nil {
					return err
				}
				done, err := tx.Exec(change, sql.Named("id", id))
				if err != nil {
					return err
				}
				if n, _ := done.RowsAffected(); n == 0 {
					return fmt.Errorf("%s changed nothing", change)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := readAll(t, s, second.ID); !errors.Is(err, data.ErrDamaged) && what != "another feature" {
				t.Errorf("the version was read: %v", err)
			}
			if err := s.Verify(t.Context()); !errors.Is(err, data.ErrDamaged) || !strings.Contains(err.Error(), second.ID) {
				t.Errorf("Verify: %v", err)
			}
			if err := s.verifyVersion(t.Context(), first); err != nil {
				t.Errorf("the other version: %v", err)
			}
		})
	}
}

// TestMended: saving the same features again does not share what was damaged, so
// that the version published of them is whole.
func TestMended(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	fs := someFeatures(rand.New(rand.NewPCG(3, 0)), geo.Cells, 20)
	first := saveDraft(t, s, geo.Cells, fs)
	if _, err := s.Publish(t.Context(), first.ID, 0, time.Now()); err != nil {
		t.Fatal(err)
	}
	err := s.write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE towngrid_feature SET name = 'x' WHERE id % 5 = 0")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	second := saveDraft(t, s, geo.Cells, fs)
	if _, err := s.Publish(t.Context(), second.ID, 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.verifyVersion(t.Context(), second); err != nil {
		t.Error(err)
	}
	if err := s.verifyVersion(t.Context(), first); !errors.Is(err, data.ErrDamaged) {
		t.Errorf("the damaged version: %v", err)
	}
	var kept int
	if err := s.readers.QueryRow("SELECT count(*) FROM towngrid_feature").Scan(&kept); err != nil || kept != 24 {
		t.Errorf("%d features are kept and not 24, %v", kept, err)
	}
}

// TestFlippedBits: any bit of the geometry that changes in the file itself is found
// out, and the version beside it is read as before.
func TestFlippedBits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.gpkg")
	first, second, code := twoVersions(t, path)
	s := open(t, path)
	var blob []byte
	if err := s.readers.QueryRow("SELECT geometry FROM towngrid_feature WHERE name = 'only in the second'").Scan(&blob); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The same geometry lies in the first version and in the copy too; the one to
	// spoil is in the record that the name begins.
	at := bytes.Index(whole, []byte(string(code)+"only in the second"))
	for ; at >= 0; at += 1 + bytes.Index(whole[at+1:], []byte(string(code)+"only in the second")) {
		if i := bytes.Index(whole[at:], blob); i >= 0 && i < 500 {
			at += i
			break
		}
	}
	if at < 0 {
		t.Fatal("the geometry is not found in the file")
	}
	const seed = 13
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 12 {
		i, bit := rng.IntN(len(blob)), byte(1)<<rng.IntN(8)
		spoilt := bytes.Clone(whole)
		spoilt[at+i] ^= bit
		write(t, path, spoilt)
		s := open(t, path)
		err := readAll(t, s, second.ID)
		if !errors.Is(err, data.ErrDamaged) || !strings.Contains(err.Error(), string(code)) {
			t.Errorf("seed %d: bit %08b of byte %d: %v", seed, bit, i, err)
		}
		if err := s.verifyVersion(t.Context(), first); err != nil {
			t.Errorf("seed %d: the other version: %v", seed, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSpoiltPages: pages of noise are an error where they are read, never a wrong answer.
func TestSpoiltPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.gpkg")
	first, second, _ := twoVersions(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const seed = 19
	rng := rand.New(rand.NewPCG(seed, 0))
	refusedOpen, refusedRead := 0, 0
	for page := 1; page < len(whole)/4096; page += 1 + rng.IntN(4) {
		spoilt := bytes.Clone(whole)
		for i := range 4096 {
			spoilt[page*4096+i] = byte(rng.Uint32())
		}
		write(t, path, spoilt)
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			refusedOpen++
			continue
		}
		for _, v := range []geo.Version{first, second} {
			if err := s.verifyVersion(t.Context(), v); err != nil {
				refusedRead++
			}
		}
		if err := s.Verify(t.Context()); !errors.Is(err, data.ErrDamaged) {
			t.Errorf("seed %d: Verify with page %d spoilt: %v", seed, page, err)
		}
		if err := s.Close(); err != nil {
			t.Logf("closing with page %d spoilt: %v", page, err)
		}
	}
	if refusedRead == 0 {
		t.Error("no version was damaged: the test shows nothing")
	}
	t.Logf("%d stores were not opened, %d versions not read", refusedOpen, refusedRead)
}
