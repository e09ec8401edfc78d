package standards

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// deepest is how far a standard's members are nested at most.
const deepest = 16

// members refuses what a decoder would let pass in silence: a member that occurs
// twice, of which only the last would count, one spelt in capitals, and text after
// the end. Its errors name the line.
func members(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := value(dec, text, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return refuse("第 %[1]d 行：文件应到此为止", "line %[1]d: the file should end here", line(text, dec.InputOffset()))
	}
	return nil
}

func value(dec *json.Decoder, text []byte, depth int) error {
	t, err := dec.Token()
	if err != nil {
		return explain(text, err)
	}
	if depth > deepest {
		return refuse("第 %[1]d 行：嵌套过深", "line %[1]d: it is nested too deeply", line(text, dec.InputOffset()))
	}
	switch t {
	case json.Delim('{'):
		return object(dec, text, depth+1)
	case json.Delim('['):
		for dec.More() {
			if err := value(dec, text, depth+1); err != nil {
				return err
			}
		}
		return end(dec, text)
	}
	return nil
}

func object(dec *json.Decoder, text []byte, depth int) error {
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return explain(text, err)
		}
		name, _ := t.(string)
		at := line(text, dec.InputOffset())
		if seen[name] {
			return refuse("第 %[1]d 行：成员 %[2]q 重复，请删去一个", "line %[1]d: the member %[2]q occurs twice; remove one", at, name)
		}
		if strings.ToLower(name) != name {
			return refuse("第 %[1]d 行：不认识成员 %[2]q，成员名均为小写", "line %[1]d: the member %[2]q is not known; members are in small letters", at, name)
		}
		seen[name] = true
		if err := value(dec, text, depth); err != nil {
			return err
		}
	}
	return end(dec, text)
}

// end reads the bracket that closes an object or an array.
func end(dec *json.Decoder, text []byte) error {
	if _, err := dec.Token(); err != nil {
		return explain(text, err)
	}
	return nil
}
