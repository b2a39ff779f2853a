package miner

// newGeneric returns the kernel in plain Go, which runs everywhere. It is the
// specification of what a kernel does.
func newGeneric() *Kernel { return &Kernel{Name: "generic", Lanes: 1, scan: scanGeneric} }

func scanGeneric(s *Scanner, nonce uint32, groups, _ int) (found uint32, made int) {
	masks := s.masks
	for g := range groups {
		for v := range s.mids {
			mask := uint32(0)
			if decidingWord(&s.mids[v], &s.tail, nonce+uint32(g))&s.zero == 0 {
				mask = 1
			}
			masks[v] = mask
			found |= mask
		}
		masks = masks[len(s.mids):]
	}
	return found, 1
}
