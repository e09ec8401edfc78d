package shapefile

import "unicode/utf8"

// sample sums up what the texts of a .dbf look like under each encoding.
type sample struct {
	texts          int // texts with a byte beyond ASCII
	utf8Bad, gbBad int // of these, not valid in the encoding
	narrow, wide   int // UTF-8 characters of two bytes, of three and four
	pairs, common  int // see gbText
	// big5 is set where Big5 was stated, so that big5Bad is worth counting.
	big5    *decoder
	big5Bad int
}

// add looks at one text. full says that it fills its field to the last byte, so
// that its last character may have been cut without fault of the encoding.
func (s *sample) add(b []byte, full bool) {
	if isASCII(b) {
		return
	}
	s.texts++
	s.addUTF8(b, full)
	gb := walkGB(b)
	s.pairs += gb.pairs
	s.common += gb.common
	if gb.bad || gb.whole < len(b) && !full {
		s.gbBad++
	}
	if s.big5 != nil {
		if full {
			b = b[:big5.whole(b)]
		}
		if _, ok := s.big5.text(b); !ok {
			s.big5Bad++
		}
	}
}

func (s *sample) addUTF8(b []byte, full bool) {
	if full {
		b = b[:wholeUTF8(b)]
	}
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			s.utf8Bad++
			return
		case n == 2:
			s.narrow++
		case n > 2:
			s.wide++
		}
		b = b[n:]
	}
}

// guess is the encoding that the content alone speaks for. Valid UTF-8 with
// characters of three bytes is no accident. Characters of two bytes alone are:
// one GBK character in seven looks like them ("目" is also "Ŀ"), so they count
// for GB18030 where they are valid there too. Pairs of bytes most of which are no
// common character are accented letters, each with the plain one after it.
func (s *sample) guess() charset {
	switch {
	case s.texts == 0:
		return ascii
	case s.surelyUTF8(), s.utf8Bad < s.gbBad && !s.likeLatin():
		return utf8Set
	case s.likeLatin():
		return latin
	}
	return gb18030
}

// ambiguous says that the content does not tell the encoding that was stated (""
// for none) from another: a few characters that are valid in both.
func (s *sample) ambiguous(stated charset) bool {
	if stated == big5 {
		return s.likeGB2312()
	}
	if stated == "" && s.guess() == latin {
		return true
	}
	return stated != gb18030 && stated != latin && s.texts > 0 && s.utf8Bad == 0 && s.wide == 0 && s.gbBad == 0
}

// likeLatin says that texts which are not UTF-8 are hardly Chinese.
func (s *sample) likeLatin() bool { return s.utf8Bad > 0 && 2*s.common < s.pairs }

// likeGB2312 says that all characters lie in the range of GB 2312, as four in
// ten characters of a text in Big5 do not.
func (s *sample) likeGB2312() bool { return s.gbBad == 0 && s.pairs > 0 && s.common == s.pairs }

// surelyUTF8 says that a statement of a Chinese encoding cannot be right: all
// texts are valid UTF-8 and some have characters of three bytes, which of GBK
// texts not one in ten thousand is.
func (s *sample) surelyUTF8() bool {
	return s.texts > 0 && s.utf8Bad == 0 && (s.wide > 0 || s.gbBad > 0)
}

// surelyChinese says that a statement of a Latin encoding cannot be right: all
// texts are pairs of bytes, nearly all in the range of GB 2312. An accented
// letter before a plain one makes pairs outside of it.
func (s *sample) surelyChinese() bool { return s.gbBad == 0 && s.mostlyChinese() }

// mostlyChinese says that nearly all pairs of bytes are common characters.
func (s *sample) mostlyChinese() bool { return s.pairs > 0 && 10*s.common >= 9*s.pairs }
