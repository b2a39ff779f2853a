package lease

import "math"

// z975 is the 97.5 % quantile of the normal distribution.
const z975 = 1.959963984540054

// exactBelow is the shape up to which quantiles are solved for; above it an
// expansion is close enough.
const exactBelow = 4096

// gammaQuantile returns the quantile of the gamma distribution of the given
// shape (at least 1) and scale 1 at the probability 0.025 (z = -z975) or
// 0.975 (z = z975). Half a χ² quantile with 2·shape degrees of freedom is the
// same. It uses only operations that IEEE 754 rounds correctly, and explicit
// conversions where a compiler might fuse two of them, so that every machine
// returns the same bits.
func gammaQuantile(shape, z float64) float64 {
	x := cornishFisher(shape, z)
	if shape > exactBelow {
		return x
	}
	p := 0.025
	if z > 0 {
		p = 0.975
	}
	// Newton's method, kept inside a bracket: the expansion that it starts
	// from may even be negative for small shapes. No quantile is below that of
	// the exponential distribution, 0.0253; nearer to zero, gammaAbove would
	// need terms without end.
	low, high := 0.025, shape+10+float64(10*math.Sqrt(shape))
	for range 200 {
		if x <= low || x >= high {
			x = (low + high) / 2
		}
		below, above := gammaParts(shape, x)
		// P(x) − p = (below − p·(below+above)) / (below+above), and the
		// density at x is 1 / (x·(below+above)).
		diff := below - float64(p*(below+above))
		if diff == 0 {
			break
		}
		if diff > 0 {
			high = x
		} else {
			low = x
		}
		next := x - float64(x*diff)
		if math.Abs(next-x) <= float64(x*0x1p-50) {
			return next
		}
		x = next
	}
	return x
}

// gammaParts returns the lower and the upper incomplete gamma function of a
// (at least 1) at x, both divided by x^a·e^(-x). All terms are positive, and
// their quotient needs neither Γ nor exp.
func gammaParts(a, x float64) (below, above float64) {
	// γ(a,x): Σ x^k / (a·(a+1)·…·(a+k)), DLMF 8.7.1.
	term := 1 / a
	below = term
	for k := 1.0; term > below*0x1p-60; k++ {
		term = float64(term * (x / (a + k)))
		below += term
	}
	// Γ(a,x) by its recurrence, upward from a shape in (0,1], DLMF 8.8.2.
	steps := math.Ceil(a) - 1
	above = gammaAbove(a-steps, x)
	for j := steps; j > 0; j-- {
		above = (float64((a-j)*above) + 1) / x
	}
	return below, above
}

// gammaAbove is Γ(a,x) / (x^a·e^(-x)) for a in (0,1], by the continued
// fraction DLMF 8.9.2, evaluated from its far end. Small x need many terms.
func gammaAbove(a, x float64) float64 {
	if a == 1 {
		return 1 / x
	}
	terms := math.Ceil(100/x) + 40
	b := x + float64(2*terms) + 1 - a
	for n := terms; n > 0; n-- {
		b = x + float64(2*n) - 1 - a - float64(n*(n-a))/b
	}
	return 1 / b
}

// cornishFisher is the expansion of the quantile in powers of 1/√a (Goldberg
// and Levine, 1946); what it leaves out is of the order a^-2, and below 2e-9
// where it stands alone.
func cornishFisher(a, z float64) float64 {
	s := math.Sqrt(a)
	z2 := float64(z * z)
	c1 := z * (z2 - 7) / 36
	c2 := (float64(z2*(float64(3*z2)+7)) - 16) / 810
	c3 := z * (float64(z2*(float64(9*z2)+256)) - 433) / 38880
	tail := (c1 - (c2-c3/s)/s) / s
	return a + float64(s*z) + (z2-1)/3 + tail
}
