package density

// Verdict is the word of a finding. The guides say 宜 ("should"): a verdict is
// advice to planners, never a statement that something is unlawful.
type Verdict string

const (
	Fits    Verdict = "符合"   // within the band, its ends included
	Low     Verdict = "偏低"   // below the band
	High    Verdict = "偏高"   // above the band
	Unknown Verdict = "无法判定" // an input is missing or doubtful
)

// In is the verdict in the language of a BCP 47 tag's primary subtag: "en" gives
// English, anything else Chinese. In JSON the Chinese word stands whatever the language.
func (v Verdict) In(lang string) string {
	if lang != "en" {
		return string(v)
	}
	switch v {
	case Fits:
		return "fits"
	case Low:
		return "low"
	case High:
		return "high"
	}
	return "cannot be judged"
}
