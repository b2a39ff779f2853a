package lease

import (
	"errors"
	"testing"
)

// Where the house works for a pool, the beginnings of tags must differ too, of
// leases that are active at the same time.
func TestDistinctAtPool(t *testing.T) {
	pool := &Pool{URLs: []string{"a:1"}, User: "u"}
	leases := []Lease{{ID: "L-1", Tag: Tag{1, 2, 3}}, {ID: "L-2", Tag: Tag{4, 5}, Pool: pool}, {ID: "L-3", Tag: Tag{6, 7}, EndMs: 10}}
	for _, c := range []struct {
		l              Lease
		taken, shorter bool // by all of the tag, or by its beginning at a pool of the house's
	}{
		{Lease{Tag: Tag{1, 2, 3}}, true, true},
		{Lease{Tag: Tag{1, 2, 4}}, false, true},
		{Lease{Tag: Tag{4, 5, 6}}, false, true},
		{Lease{Tag: Tag{1, 2, 4}, Pool: pool}, false, true},
		{Lease{Tag: Tag{4, 5, 6}, Pool: pool}, true, true},
		{Lease{Tag: Tag{6, 7, 8}, StartMs: 10}, false, false},
		{Lease{Tag: Tag{6, 7, 8}, StartMs: 9}, false, true},
		{Lease{Tag: Tag{1, 3, 3}}, false, false},
	} {
		if err := Distinct(leases, &c.l); errors.Is(err, ErrTagTaken) != c.taken {
			t.Errorf("%+v: %v", c.l, err)
		}
		if err := DistinctAtPool(leases, &c.l); errors.Is(err, ErrTagTaken) != c.shorter {
			t.Errorf("%+v at the house's pool: %v", c.l, err)
		}
	}
}
