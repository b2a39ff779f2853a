package render

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// Spaces of the sheet: thin between thousands, and one that keeps a unit with
// its number. Forms that do not have them write a plain one.
const (
	thin = "\u202f"
	nbsp = "\u00a0"
)

// dash stands where there is no value.
const dash = "–"

// group writes an amount with its thousands apart.
func group(n int64) string { return groupDigits(strconv.FormatInt(n, 10)) }

func groupDigits(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	if len(s) <= 3 {
		return sign + s
	}
	head := (len(s)-1)%3 + 1
	var b strings.Builder
	b.WriteString(sign + s[:head])
	for ; head < len(s); head += 3 {
		b.WriteString(thin + s[head:head+3])
	}
	return b.String()
}

// count writes how many there are of something.
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return group(n) + " " + many
}

// sats writes an amount in satoshi with its unit.
func sats(n int64) string { return group(n) + nbsp + "sat" }

// coins writes satoshi with the coin's eight decimals, exactly.
func coins(sat int64) string {
	sign, u := "", uint64(sat)
	if sat < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%08d", sign, u/1e8, u%1e8)
}

// prefixes of the SI, a thousand from one to the next.
const prefixes = " kMGTPEZYRQ"

// si writes a number with an SI prefix and four digits, rounded down or up.
func si(n *big.Int, unit string, up bool) string {
	thousand, limit := big.NewInt(1000), big.NewInt(1)
	prefix := 0
	for prefix < len(prefixes)-1 && new(big.Int).Quo(n, limit).Cmp(thousand) >= 0 {
		limit.Mul(limit, thousand)
		prefix++
	}
	if prefix == 0 {
		return n.String() + nbsp + unit
	}
	for {
		decimals := 3
		for q := new(big.Int).Quo(n, limit); decimals > 0 && q.Cmp(big.NewInt(10)) >= 0; q.Quo(q, big.NewInt(10)) {
			decimals--
		}
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
		m, rest := new(big.Int).QuoRem(new(big.Int).Mul(n, scale), limit, new(big.Int))
		if up && rest.Sign() > 0 {
			m.Add(m, big.NewInt(1))
		}
		whole, part := new(big.Int).QuoRem(m, scale, new(big.Int))
		if whole.Cmp(thousand) >= 0 && prefix < len(prefixes)-1 { // 999.96 rounded up
			limit.Mul(limit, thousand)
			prefix++
			continue
		}
		s := groupDigits(whole.String())
		if decimals > 0 {
			s += fmt.Sprintf(".%0*d", decimals, part)
		}
		return s + nbsp + prefixes[prefix:prefix+1] + unit
	}
}

// hashRate writes work per second, rounded down or up.
func hashRate(w miner.Work, up bool) string { return si(w.Big(), "H/s", up) }

// hashes writes an amount of work, rounded down.
func hashes(w miner.Work) string { return si(w.Big(), "H", false) }

// percent writes part of whole in hundredths of a per cent, rounded down; a
// dash where there is no whole.
func percent(part, whole *big.Int) string {
	if whole.Sign() <= 0 {
		return dash
	}
	n := new(big.Int).Mul(part, big.NewInt(10_000))
	n.Quo(n, whole)
	n, rest := n.QuoRem(n, big.NewInt(100), new(big.Int))
	return fmt.Sprintf("%s.%02d%s%%", groupDigits(n.String()), rest.Int64(), nbsp)
}

func percentOf(part, whole int64) string { return percent(big.NewInt(part), big.NewInt(whole)) }

// ppm writes millionths as per cent, rounded down.
func ppm(n int64) string { return percentOf(n, 1_000_000) }

// shortPPM writes millionths as per cent, without decimals that are zero.
func shortPPM(n int64) string {
	s := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%04d", n/10_000, n%10_000), "0"), ".")
	return s + nbsp + "%"
}

// ratio writes a/b with so many decimals, rounded down.
func ratio(a, b *big.Int, decimals int) string {
	if b.Sign() <= 0 {
		return dash
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
	n := new(big.Int).Mul(a, scale)
	whole, part := n.Quo(n, b).QuoRem(n, scale, new(big.Int))
	if decimals == 0 {
		return groupDigits(whole.String())
	}
	return fmt.Sprintf("%s.%0*d", groupDigits(whole.String()), decimals, part)
}

func utc(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// minute writes a moment, to the second where it is not of a full minute.
func minute(ms int64) string {
	if ms%60_000 != 0 {
		return utc(ms).Format("2006-01-02 15:04:05")
	}
	return utc(ms).Format("2006-01-02 15:04")
}

// moment writes a time to the millisecond.
func moment(ms int64) string { return utc(ms).Format("2006-01-02T15:04:05.000Z") }

func date(ms int64) string { return utc(ms).Format(time.DateOnly) }

// span writes a length of time in its two largest units.
func span(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	day := 24 * time.Hour
	switch {
	case d >= day && d%day < time.Hour:
		return fmt.Sprintf("%d%sd", d/day, nbsp)
	case d >= day:
		return fmt.Sprintf("%d%sd %d%sh", d/day, nbsp, d%day/time.Hour, nbsp)
	case d >= time.Hour && d%time.Hour < time.Minute:
		return fmt.Sprintf("%d%sh", d/time.Hour, nbsp)
	case d >= time.Hour:
		return fmt.Sprintf("%d%sh %d%smin", d/time.Hour, nbsp, d%time.Hour/time.Minute, nbsp)
	case d >= time.Minute && d%time.Minute < time.Second:
		return fmt.Sprintf("%d%smin", d/time.Minute, nbsp)
	case d >= time.Minute:
		return fmt.Sprintf("%d%smin %d%ss", d/time.Minute, nbsp, d%time.Minute/time.Second, nbsp)
	case d%time.Second == 0 || d >= 10*time.Second:
		return fmt.Sprintf("%d%ss", d/time.Second, nbsp)
	}
	return group(ms) + nbsp + "ms"
}

// periodName is the shortest name of a period: a month, a day, or its ends.
func periodName(fromMs, toMs int64) string {
	from, to := utc(fromMs), utc(toMs)
	midnight := from.Equal(from.Truncate(24*time.Hour)) && to.Equal(to.Truncate(24*time.Hour))
	switch {
	case midnight && from.Day() == 1 && from.AddDate(0, 1, 0).Equal(to):
		return from.Format("2006-01")
	case midnight && from.AddDate(0, 0, 1).Equal(to):
		return from.Format(time.DateOnly)
	case midnight:
		return from.Format(time.DateOnly) + " to " + to.Format(time.DateOnly)
	}
	first, last := minute(fromMs), minute(toMs)
	if date(fromMs) == date(toMs) {
		last = last[len(time.DateOnly)+1:]
	}
	return first + " to " + last
}

// clean keeps a foreign word from steering what shows it: what does not print
// is spelled as Go quotes it. Very long ones are cut.
func clean(s string) string {
	const most = 500
	cut := ""
	if len(s) > most {
		s, cut = strings.ToValidUTF8(s[:most], ""), "…"
	}
	q := strconv.Quote(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`) + cut
}
