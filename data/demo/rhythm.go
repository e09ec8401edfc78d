package demo

import (
	"math"
	"time"
)

// Rhythm is how many incidents, hot spots left out, happen in each hour of the week in
// proportion to the mean hour, from Monday 00:00 on. Working days have a peak in the morning, one in
// the afternoon and a lower one in the evening; at weekends there are fewer, later.
func Rhythm() [168]float64 {
	working := [24]float64{
		.30, .20, .15, .12, .15, .30, .60, 1.10, 1.80, 2.10, 2.00, 1.70,
		1.10, 1.20, 1.70, 1.90, 1.80, 1.50, 1.20, 1.25, 1.15, .90, .60, .45,
	}
	weekend := [24]float64{
		.55, .40, .30, .20, .15, .20, .40, .70, 1.10, 1.40, 1.50, 1.40,
		1.20, 1.10, 1.20, 1.30, 1.30, 1.25, 1.30, 1.45, 1.40, 1.20, .95, .75,
	}
	days := [7]float64{1.15, 1.05, 1.00, 1.00, 1.08, .85, .78}
	var out [168]float64
	sum := 0.0
	for i := range out {
		hours := working
		if i/24 >= 5 {
			hours = weekend
		}
		out[i] = days[i/24] * hours[i%24]
		sum += out[i]
	}
	for i := range out {
		out[i] *= float64(len(out)) / sum
	}
	return out
}

// HourOfWeek is the hour of the week of a moment where it is, 0 from Monday 00:00 on.
func HourOfWeek(t time.Time) int {
	return (int(t.Weekday())+6)%7*24 + t.Hour()
}

// season is how busy a day of the year is: busiest at the end of July, a tenth less
// in winter, and half as much in the nine days of the spring festival of 2026.
func season(t time.Time) float64 {
	s := 1 + float64(.1*math.Cos(2*math.Pi*float64(t.YearDay()-210)/365))
	if t.Year() == 2026 && t.Month() == time.February && t.Day() >= 15 && t.Day() <= 23 {
		s /= 2
	}
	return s
}

// on says whether a hot spot is hot at a moment.
func (h HotSpot) on(t time.Time) bool {
	for _, d := range h.Days {
		if t.Weekday() == d {
			return h.From <= t.Hour() && t.Hour() < h.To
		}
	}
	return false
}
