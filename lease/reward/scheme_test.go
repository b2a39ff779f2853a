package reward

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

func TestOffered(t *testing.T) {
	for _, s := range []string{"solo", "pps", "fpps", "pplns", "tides"} {
		if err := Offered(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for scheme, why := range map[string]string{"prop": "hopped", "smpps": "infinite", "esmpps": "infinite", "rsmpps": "infinite"} {
		if err := Offered(scheme); !errors.Is(err, ErrNotOffered) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want the reason, %s", scheme, err, why)
		}
	}
	for _, s := range []string{"", "PPS", "Tides", "slush"} {
		if err := Offered(s); err == nil || errors.Is(err, ErrNotOffered) {
			t.Errorf("%q: %v, want an unknown scheme", s, err)
		}
	}
}

func TestSolo(t *testing.T) {
	tests := []struct {
		finder string
		sat    int64
		want   []lease.Part
	}{
		{"L-0001", 7, parts("L-0001", 7)},
		{lease.House, 7, parts(lease.House, 7)},
		{"", 7, parts(lease.House, 7)},
		{"L-0001", 0, nil},
		{"L-0001", -1, nil},
	}
	for _, tt := range tests {
		if got := Solo(tt.finder, tt.sat); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Solo(%q, %d) = %v, want %v", tt.finder, tt.sat, got, tt.want)
		}
	}
}
