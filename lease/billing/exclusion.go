package billing

import "github.com/hashlease/hashlease/lease"

// excused is how much of what is owed in s the exclusions take out of the SLA:
// first what the tenant's pool caused, then what is left of limitMs for
// announced maintenance, which is returned by itself too. Time that both
// explain is the pool's. Maintenance that was not announced before it began
// explains nothing.
func excused(l *lease.Lease, exclusions []lease.Exclusion, s span, limitMs int64) (ms, maintenanceMs int64) {
	var pool, all []span
	for i := range exclusions {
		x := &exclusions[i]
		if x.Lease != "" && x.Lease != l.ID {
			continue
		}
		part, ok := s.cut(span{x.FromMs, x.ToMs})
		if !ok {
			continue
		}
		switch x.Kind {
		case lease.ExcludePool:
			if l.Pool == nil || x.Lease == "" {
				continue // there is no pool that it could be about
			}
			pool = append(pool, part)
		case lease.ExcludeMaintenance:
			if x.AnnouncedMs >= x.FromMs {
				continue
			}
		default:
			continue
		}
		all = append(all, part)
	}
	byPool := owedIn(l, union(pool))
	maintenanceMs = min(owedIn(l, union(all))-byPool, max(limitMs, 0))
	return byPool + maintenanceMs, maintenanceMs
}
