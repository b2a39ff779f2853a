package leaf

import (
	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/translog"
)

// TagLingerMs is for how long a lease's tags stay in the map after it stopped, in
// milliseconds: nobody else may have them while its last work comes in, nor while
// that work would still be taken for theirs. Headers may be hours off in their
// times, so that work on a block that was the tip hours ago must be taken.
const TagLingerMs = 6 * lease.MsPerHour

// Tags are what leases' leaves say, the last one of each. A map's leaf follows
// from them, and so can be made again by everybody.
type Tags map[string]Lease

// Add takes up the next leaf of a lease.
func (t Tags) Add(l Lease) { t[l.Lease] = l }

// Map makes the map of all tags whose work counts at a moment in Unix
// milliseconds. It fails with translog.ErrTagTwice.
func (t Tags) Map(atMs int64) (*translog.TagMap, error) {
	var entries []translog.TagEntry
	for _, l := range t {
		if l.StopMs == 0 || l.StopMs+TagLingerMs > atMs {
			entries = append(entries, l.TagEntries()...)
		}
	}
	return translog.NewTagMap(entries)
}

// TagEntries are a lease's entries in the map: the whole tag where the house
// makes the coinbase, its first bytes at pools.
func (d *Lease) TagEntries() []translog.TagEntry {
	entries := make([]translog.TagEntry, 0, len(d.Destinations))
	for _, name := range d.Destinations {
		size := lease.TagSize
		if name == DestinationPool {
			size = lease.MinPoolTag
		}
		entries = append(entries, translog.TagEntry{
			Destination: translog.DestinationID(name), Lease: d.Lease, Tag: append(translog.TagBytes{}, d.Tag[:size]...),
		})
	}
	return entries
}
