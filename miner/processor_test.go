package miner

import (
	"runtime"
	"slices"
	"testing"
)

func TestPinThread(t *testing.T) {
	all := Processors()
	if len(all) == 0 {
		t.Fatal("no processor to run on")
	}
	if runtime.GOOS != "linux" {
		t.Skip("only possible on Linux")
	}
	last := all[len(all)-1]
	got := make(chan []int, 1)
	go func() { // not unlocked: the pinned thread ends with it
		runtime.LockOSThread()
		if err := PinThread(last); err != nil {
			t.Error(err)
		}
		got <- Processors()
	}()
	if pinned := <-got; !slices.Equal(pinned, []int{last}) {
		t.Errorf("pinned to processor %d, may use %v", last, pinned)
	}
}

func TestThreadTime(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := ThreadTime()
	var h Header
	for range 1000 {
		h[0] = h.Hash()[0]
	}
	if after := ThreadTime(); after <= before {
		t.Errorf("hashing took no time: %v, then %v", before, after)
	}
}
