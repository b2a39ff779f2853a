package reward

import (
	"reflect"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

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
