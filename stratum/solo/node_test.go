package solo_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// scriptedNode answers as its functions say.
type scriptedNode struct {
	mu       sync.Mutex
	submits  int
	template func() (*solo.Template, error)
	wait     func(ctx context.Context) (*solo.Template, error)
	submit   func(n int) error
	locate   func() (solo.Place, error)
	tip      func() int64 // nil: 0
}

func (*scriptedNode) Params(context.Context) (solo.Params, error)        { return solo.Params{}, nil }
func (*scriptedNode) AddressScript(string) ([]byte, error)               { return nil, nil }
func (n *scriptedNode) Template(context.Context) (*solo.Template, error) { return n.template() }
func (n *scriptedNode) Wait(ctx context.Context, _ *solo.Template) (*solo.Template, error) {
	return n.wait(ctx)
}

func (n *scriptedNode) Tip(context.Context) (miner.Hash, int64, error) {
	if n.tip == nil {
		return miner.Hash{}, 0, nil
	}
	return miner.Hash{}, n.tip(), nil
}

func (n *scriptedNode) Submit(context.Context, []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.submits++
	return n.submit(n.submits)
}

func (n *scriptedNode) Locate(context.Context, miner.Hash, int64) (solo.Place, error) {
	return n.locate()
}

var errDown = errors.New("connection refused")

func TestAdopt(t *testing.T) {
	on := solo.Place{OnChain: true, Known: true, Confirmations: 1}
	side := solo.Place{Known: true}
	ok := func(int) error { return nil }
	for name, tc := range map[string]struct {
		submit func(n int) error
		places []solo.Place // in turn; the last one stays
		locErr error
		want   error
		most   time.Duration
	}{
		"taken":                       {ok, []solo.Place{on}, nil, nil, 0},
		"connected a little later":    {ok, []solo.Place{side, side, on}, nil, nil, time.Second},
		"said yes to a sibling":       {ok, []solo.Place{side}, nil, solo.ErrStale, 3 * time.Second},
		"said yes and never had it":   {ok, []solo.Place{{}}, nil, solo.ErrRejected{}, 3 * time.Second},
		"said stale":                  {func(int) error { return solo.ErrStale }, nil, nil, solo.ErrStale, 0},
		"refused":                     {func(int) error { return solo.ErrRejected{Reason: "high-hash"} }, nil, nil, solo.ErrRejected{}, 0},
		"arrived, the answer did not": {func(int) error { return errDown }, []solo.Place{on}, nil, nil, 0},
		"down at first": {func(n int) error {
			if n < 5 {
				return errDown
			}
			return nil
		}, []solo.Place{{}, {}, {}, {}, on}, nil, nil, time.Second},
		"down for good": {func(int) error { return errDown }, nil, errDown, errDown, 31 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				places := tc.places
				node := &scriptedNode{submit: tc.submit, locate: func() (solo.Place, error) {
					if len(places) == 0 {
						return solo.Place{}, tc.locErr
					}
					p := places[0]
					if len(places) > 1 {
						places = places[1:]
					}
					return p, nil
				}}
				start := time.Now()
				err := solo.Adopt(t.Context(), node, []byte("block"), miner.Hash{1}, 5)
				var rejected solo.ErrRejected
				switch {
				case tc.want == nil && err != nil, tc.want == solo.ErrStale && !errors.Is(err, solo.ErrStale),
					tc.want == errDown && !errors.Is(err, errDown):
					t.Errorf("Adopt = %v, want %v", err, tc.want)
				case errors.As(tc.want, &rejected) && (!errors.As(err, &rejected) || rejected.Reason == ""):
					t.Errorf("Adopt = %v, want a rejection with its reason", err)
				}
				if d := time.Since(start); d > tc.most {
					t.Errorf("took %v, want at most %v", d, tc.most)
				}
			})
		})
	}
}

// A node may connect the block between two questions: only a chain that was
// high enough before the block was found missing from it holds another one.
func TestAdoptWhileTheNodeConnects(t *testing.T) {
	const height = 5
	for name, sibling := range map[string]bool{"ours": false, "a sibling": true} {
		synctest.Test(t, func(t *testing.T) {
			located := sibling
			node := &scriptedNode{submit: func(int) error { return nil }}
			node.locate = func() (solo.Place, error) {
				before := located
				located = true
				return solo.Place{Known: true, OnChain: before && !sibling}, nil
			}
			node.tip = func() int64 { // the block becomes the tip right after the first look
				if located {
					return height
				}
				return height - 1
			}
			start := time.Now()
			err := solo.Adopt(t.Context(), node, []byte("block"), miner.Hash{1}, height)
			if !sibling && err != nil || sibling && !errors.Is(err, solo.ErrStale) {
				t.Errorf("%s: Adopt = %v", name, err)
			}
			if d := time.Since(start); d > time.Second {
				t.Errorf("%s: took %v", name, d)
			}
		})
	}
}

func TestAdoptEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		node := &scriptedNode{submit: func(int) error { return errDown },
			locate: func() (solo.Place, error) { return solo.Place{}, errDown }}
		if err := solo.Adopt(ctx, node, nil, miner.Hash{}, 1); err == nil {
			t.Error("adopted")
		}
	})
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tip := func(b byte) *solo.Template { return &solo.Template{Height: int64(b), PrevHash: miner.Hash{b}} }
		templates := []func() (*solo.Template, error){
			func() (*solo.Template, error) { return nil, errDown },
			func() (*solo.Template, error) { return nil, errDown },
			func() (*solo.Template, error) { return tip(1), nil },
			func() (*solo.Template, error) { return tip(2), nil }, // after the failed wait
		}
		waits := []func() (*solo.Template, error){
			func() (*solo.Template, error) { return tip(1), nil },
			func() (*solo.Template, error) { return tip(2), nil },
			func() (*solo.Template, error) { return nil, errDown },
			func() (*solo.Template, error) { return tip(3), nil },
		}
		pop := func(list *[]func() (*solo.Template, error)) (*solo.Template, error) {
			f := (*list)[0]
			*list = (*list)[1:]
			return f()
		}
		node := &scriptedNode{
			template: func() (*solo.Template, error) { return pop(&templates) },
			wait:     func(context.Context) (*solo.Template, error) { return pop(&waits) },
		}
		type call struct {
			height  int64
			changed bool
		}
		var calls []call
		enough := errors.New("enough")
		err := solo.Follow(t.Context(), node, nil, func(t *solo.Template, changed bool) error {
			calls = append(calls, call{t.Height, changed})
			if len(calls) == 5 {
				return enough
			}
			return nil
		})
		if err != enough {
			t.Fatal(err)
		}
		want := []call{{1, true}, {1, false}, {2, true}, {2, false}, {3, true}}
		for i := range want {
			if calls[i] != want[i] {
				t.Fatalf("calls %v, want %v", calls, want)
			}
		}
	})
}

// A node that answers every wait at once must not be asked in a hot loop, and
// one that is down must be asked less and less often.
func TestFollowIsPatient(t *testing.T) {
	for name, down := range map[string]bool{"busy": false, "down": true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			asked := 0
			node := &scriptedNode{}
			node.template = func() (*solo.Template, error) {
				asked++
				if down {
					return nil, errDown
				}
				return &solo.Template{}, nil
			}
			node.wait = func(context.Context) (*solo.Template, error) { return node.template() }
			err := solo.Follow(ctx, node, nil, func(*solo.Template, bool) error { return nil })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
			if most := map[bool]int{false: 242, true: 15}[down]; asked > most || asked < 8 {
				t.Errorf("%s: asked %d times in a minute, want 8 to %d", name, asked, most)
			}
		})
	}
}
