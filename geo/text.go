package geo

import "fmt"

// Text is one sentence for people, in the two languages that the service speaks.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Textf fills both sentences with the same arguments, so their verbs must agree
// in number and order (indexed verbs such as %[2]d where word order differs).
func Textf(zh, en string, args ...any) Text {
	return Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// In is the sentence in the language of a BCP 47 tag's primary subtag: "en" gives
// English, anything else Chinese, the language of the service's users.
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// Error is a refusal that its caller can act on: a code for programs, a sentence
// for people, and the violations that led to it where it was a file that was refused.
// Only the api package turns a code into an HTTP status.
type Error struct {
	Code       string
	Text       Text
	Violations []Violation
}

// Errorf makes an Error without violations.
func Errorf(code, zh, en string, args ...any) *Error {
	return &Error{Code: code, Text: Textf(zh, en, args...)}
}

// Error gives code and English sentence, for logs.
func (e *Error) Error() string { return e.Code + ": " + e.Text.EN }
