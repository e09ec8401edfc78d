package jzd

import (
	"math"
	"strconv"
	"strings"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// Header is the section of attributes. Members are "" or 0 where the file does not
// state them.
type Header struct {
	Version  string // 格式版本号
	Producer string // 数据产生单位
	Date     string // 数据产生日期
	System   string // 坐标系
	Width    int    // 几度分带: 3 or 6 degrees
	Kind     string // 投影类型
	Unit     string // 计量单位
	Zone     int    // 带号
	// Precision (精度) is the last digit of coordinates that counts, in Unit.
	Precision float64
}

// NewHeader is the header of a file in a Gauss-Krüger system of CGCS2000, to the
// millimetre. Any other system is a *[geo.Error] of code not_gauss_krueger.
func NewHeader(c crs.CRS) (Header, error) {
	for zone := 13; zone <= 45; zone++ {
		for _, width := range []int{3, 6} {
			for _, prefixed := range []bool{true, false} {
				if k, err := crs.GaussKrueger(width, zone, prefixed); err == nil && k == c {
					return Header{System: "2000国家大地坐标系", Width: width, Kind: "高斯克吕格", Unit: "米", Zone: zone, Precision: 0.001}, nil
				}
			}
		}
	}
	return Header{}, geo.Errorf("not_gauss_krueger",
		"界址点文件只能使用 CGCS2000 高斯-克吕格坐标系，不能使用 %s", "a boundary-point file is in Gauss-Krüger coordinates on CGCS2000, not in %s", c.ID())
}

// set takes one line of the section; classified is true for conversion parameters
// other than zeros.
func (h *Header) set(key, value string) (classified bool) {
	switch key {
	case "格式版本号":
		h.Version = value
	case "数据产生单位":
		h.Producer = value
	case "数据产生日期":
		h.Date = value
	case "坐标系":
		h.System = value
	case "几度分带":
		h.Width = leadingInt(value)
	case "投影类型":
		h.Kind = value
	case "计量单位":
		h.Unit = value
	case "带号":
		h.Zone = leadingInt(value)
	case "精度":
		if p, err := strconv.ParseFloat(value, 64); err == nil && p > 0 && !math.IsInf(p, 0) {
			h.Precision = p
		}
	case "转换参数":
		return strings.Trim(value, "0.,，;； \t") != ""
	}
	return false
}

// leadingInt reads the digits with which "3度带" and "40" begin, 0 for none.
func leadingInt(s string) int {
	end := 0
	for end < len(s) && end < 3 && '0' <= s[end] && s[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(s[:end])
	return n
}

// lines are the header as it is written.
func (h Header) lines() []string {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return []string{
		attributes,
		"格式版本号=" + h.Version,
		"数据产生单位=" + h.Producer,
		"数据产生日期=" + h.Date,
		"坐标系=" + h.System,
		"几度分带=" + number(h.Width),
		"投影类型=" + h.Kind,
		"计量单位=" + h.Unit,
		"带号=" + number(h.Zone),
		"精度=" + strconv.FormatFloat(h.precision(), 'f', -1, 64),
		"转换参数=,,,,,,",
		parcels,
	}
}

// precision is the header's, or a millimetre.
func (h Header) precision() float64 {
	if h.Precision > 0 {
		return h.Precision
	}
	return 0.001
}

// decimals is how many digits after the point the precision asks for.
func (h Header) decimals() int {
	return int(min(max(math.Ceil(-math.Log10(h.precision())-1e-9), 0), maxDecimals))
}

// maxDecimals bounds the digits after the point: a nanometre.
const maxDecimals = 9
