package crs

import (
	"errors"
	"strings"
	"unicode"
)

// Bounds on a WKT text: those of real systems have 1 to 2 KiB and 5 levels.
const (
	mostWKT   = 64 << 10 // bytes
	mostDepth = 16       // levels of brackets
)

// node is one keyword of a WKT text with what its brackets hold: PARAMETER["k",1] has
// the keyword "PARAMETER" and the texts "k" and "1". Keywords are in upper case.
type node struct {
	keyword string
	texts   []string // quoted strings, numbers and bare words, in order, unquoted
	nodes   []node
}

// child is the first node within n that has one of the keywords.
func (n node) child(keywords ...string) (node, bool) {
	for _, c := range n.nodes {
		for _, k := range keywords {
			if c.keyword == k {
				return c, true
			}
		}
	}
	return node{}, false
}

// text is the i-th text, "" where there are fewer.
func (n node) text(i int) string {
	if i < len(n.texts) {
		return n.texts[i]
	}
	return ""
}

// scanner reads WKT 1 from a text of bounded size:
//
//	texts = node { [","] node }
//	node  = word open [ item { "," item } ] close
//	item  = node | quoted | word
//
// where open and close are brackets, square or round; quoted stands in double or
// single quotes, doubled within; word is a run of other characters without blanks,
// numbers among them. Blanks, line breaks and NULs may stand between any two.
type scanner struct {
	text string
	at   int
}

// What can be wrong with the text at the place where the scanner stopped.
var (
	errDepth = errors.New("brackets are nested too deeply")
	errEnd   = errors.New("the text ends within brackets or quotes")
	errSign  = errors.New("a sign is not expected here")
)

// nodes reads the whole text.
func (s *scanner) nodes() (all []node, err error) {
	for s.blanks(); s.at < len(s.text); s.blanks() {
		n, err := s.node(s.word(), 1)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
		s.accept(',')
	}
	return all, nil
}

// node reads the brackets that follow a keyword.
func (s *scanner) node(keyword string, depth int) (node, error) {
	n := node{keyword: strings.ToUpper(keyword)}
	if depth > mostDepth {
		return n, errDepth
	}
	if keyword == "" || !s.accept('[', '(') {
		return n, s.unexpected()
	}
	shut := byte(']')
	if s.text[s.at-1] == '(' {
		shut = ')'
	}
	for !s.accept(shut) {
		if err := s.item(&n, depth); err != nil {
			return n, err
		}
		if !s.accept(',') && s.peek() != shut {
			return n, s.unexpected()
		}
	}
	return n, nil
}

// item reads one thing between commas into n.
func (s *scanner) item(n *node, depth int) error {
	if s.accept('"', '\'') {
		text, ok := s.quoted(s.text[s.at-1])
		if !ok {
			return s.unexpected()
		}
		n.texts = append(n.texts, text)
		return nil
	}
	word := s.word()
	if c := s.peek(); c == '[' || c == '(' {
		inner, err := s.node(word, depth+1)
		n.nodes = append(n.nodes, inner)
		return err
	}
	if word == "" {
		return s.unexpected()
	}
	n.texts = append(n.texts, word)
	return nil
}

// quoted reads up to the closing quote.
func (s *scanner) quoted(quote byte) (string, bool) {
	var text strings.Builder
	for {
		i := strings.IndexByte(s.text[s.at:], quote)
		if i < 0 {
			s.at = len(s.text)
			return "", false
		}
		text.WriteString(s.text[s.at : s.at+i])
		s.at += i + 1
		if s.at == len(s.text) || s.text[s.at] != quote {
			return text.String(), true
		}
		text.WriteByte(quote)
		s.at++
	}
}

// word reads up to a blank or a sign of the grammar.
func (s *scanner) word() string {
	s.blanks()
	rest := s.text[s.at:]
	if i := strings.IndexFunc(rest, delimits); i >= 0 {
		rest = rest[:i]
	}
	s.at += len(rest)
	return rest
}

func delimits(r rune) bool {
	return blank(r) || strings.ContainsRune(`[]()"',`, r)
}

func blank(r rune) bool { return unicode.IsSpace(r) || r == 0 || r == '\ufeff' }

func (s *scanner) blanks() {
	s.at = len(s.text) - len(strings.TrimLeftFunc(s.text[s.at:], blank))
}

// peek is the next sign, 0 at the end.
func (s *scanner) peek() byte {
	if s.blanks(); s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// accept takes the next sign if it is one of those named.
func (s *scanner) accept(signs ...byte) bool {
	c := s.peek()
	for _, sign := range signs {
		if c == sign && s.at < len(s.text) {
			s.at++
			return true
		}
	}
	return false
}

// unexpected is the error of what stands, or does not stand, at the scanner's place.
func (s *scanner) unexpected() error {
	if s.at >= len(s.text) {
		return errEnd
	}
	return errSign
}
