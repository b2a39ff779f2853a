package receipt

import "testing"

func TestSubsidy(t *testing.T) {
	const hard, easy = 0x17034219, 0x207fffff
	for _, tt := range []struct {
		coin   string
		bits   U32
		height int64
		sat    int64
		want   bool
	}{
		{"bitcoin", hard, 209_999, 5_000_000_000, true},
		{"bitcoin", hard, 210_000, 2_500_000_000, true},
		{"bitcoin", hard, 840_000, 312_500_000, true},
		{"bitcoin", hard, 840_000, 156_250_000, false}, // half of what is due
		{"bitcoin", hard, 840_000, 625_000_000, false},
		{"bitcoin", hard, 840_000, 0, false},
		{"bitcoin", hard, 149_999, 0, false}, // as a regtest would have it
		{"bitcoin", 0x1d00ffff, 300, 1_250_000_000, false},
		{"bitcoin", easy, 300, 1_250_000_000, true},
		{"bitcoin", easy, 300, 5_000_000_000, true}, // btcd's simnet
		{"bitcoin", hard, 210_000 * 33, 0, true},
		{"bitcoin", hard, 1 << 62, 0, true},
		{"bitcoin", hard, -1, 5_000_000_000, false},
		{"sandbox", hard, 840_000, 5_000_000_000, true},
		{"sandbox", hard, 840_000, 312_500_000, false},
	} {
		template := Template{Bits: tt.bits, Height: tt.height}
		if template.isSubsidy(tt.sat, tt.coin) != tt.want {
			t.Errorf("%+v: %v", tt, !tt.want)
		}
	}
}
