package shapefile

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// memos are the texts of a .dbt (dBase III and IV) or .fpt (FoxPro) file.
type memos struct {
	data  []byte
	block int64
	fpt   bool
	spent int // bytes given so far: rows may all point at the same text
}

// openMemos reads the memo file of a layer; nil where there is none that can be used.
func openMemos(s set) (*memos, error) {
	p := s.parts["fpt"]
	fpt := p != nil
	if p == nil {
		p = s.parts["dbt"]
	}
	if p == nil || p.size > maxMemoFile {
		return nil, nil
	}
	data, err := p.head(maxMemoFile)
	if err != nil || len(data) < 32 {
		return nil, err
	}
	m := &memos{data: data, fpt: fpt, block: 512}
	if fpt {
		m.block = max(1, int64(binary.BigEndian.Uint16(data[6:])))
	} else if n := int64(binary.LittleEndian.Uint16(data[20:])); n > 0 && n%512 == 0 {
		m.block = n
	}
	return m, nil
}

// memoBlock is the number of the block that a column points at, 0 for none: ten
// digits, or four bytes in Visual FoxPro.
func memoBlock(b []byte) (block int64, ok bool) {
	if len(b) == 4 {
		return int64(binary.LittleEndian.Uint32(b)), true
	}
	b = trimText(b)
	if len(b) == 0 {
		return 0, true
	}
	n, err := strconv.ParseUint(string(b), 10, 32)
	return int64(n), err == nil
}

// text is the memo at a block; ok is false where there is none. At most maxMemo
// bytes of it are given.
func (m *memos) text(block int64) (b []byte, ok bool) {
	at := block * m.block
	if block <= 0 || at+8 > int64(len(m.data)) {
		return nil, false
	}
	rest := m.data[at:]
	var length int64
	switch {
	case m.fpt:
		length, rest = int64(binary.BigEndian.Uint32(rest[4:])), rest[8:]
	case bytes.HasPrefix(rest, []byte("\xff\xff\x08\x00")):
		length, rest = int64(binary.LittleEndian.Uint32(rest[4:]))-8, rest[8:]
	default:
		length = int64(bytes.IndexByte(rest, dbfEnd))
	}
	if length < 0 || length > int64(len(rest)) {
		return nil, false
	}
	b = rest[:min(length, maxMemo+1)]
	m.spent += len(b)
	return bytes.TrimRight(b, "\x00 \r\n\x1a"), m.spent <= maxMemoFile
}
