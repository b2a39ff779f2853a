package bundle

import (
	"testing"

	"github.com/hashlease/hashlease/lease/leaf"
)

// Work done for a lease that is over must have become too old to be taken before
// another lease can have the beginning of its tag: by as much as the block behind
// its own may have a later time than its own, and receipts may be later than that.
func TestTagsOutliveWork(t *testing.T) {
	if leaf.TagLingerMs < (clockSlackSec+clockSlackSec)*1000+2*3600*1000 {
		t.Errorf("tags are free again after %d ms, but work on a block is taken for %d s after the time of the next", leaf.TagLingerMs, clockSlackSec)
	}
}
