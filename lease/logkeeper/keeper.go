package logkeeper

import (
	"context"
	"log/slog"
	"time"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/witness"
)

// lastTime bounds what is signed at the end: the store may be busy then.
const lastTime = 10 * time.Second

// Keeper signs while a node runs.
type Keeper struct {
	Log      *translog.Log
	Peers    []*witness.Peer
	Every    time.Duration // at most so often it signs
	AskEvery time.Duration // at most so often it asks the witnesses
	// Cosigned keeps the last checkpoint that witnesses have cosigned: that of
	// the log itself is replaced by the next signed one. It may be nil.
	Cosigned translog.Heads
	Logger   *slog.Logger
}

// Run signs for what was added, and asks the witnesses, until ctx ends.
// Witnesses are slow, and asked beside.
func (k *Keeper) Run(ctx context.Context) {
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		k.ask(ctx)
	}()
	told := said{log: k.Logger}
	ticker := time.NewTicker(k.Every)
	defer ticker.Stop()
	for {
		_, err := k.Log.Sign(ctx)
		if ctx.Err() == nil {
			told.say("", "the log cannot be signed at the moment", err)
		}
		select {
		case <-ctx.Done():
			<-asked
			return
		case <-ticker.C:
		}
	}
}

// Finish signs for everything once more, when nothing is added any more.
func (k *Keeper) Finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
	defer cancel()
	if _, err := k.Log.Sign(ctx); err != nil {
		k.Logger.Error("the log could not be signed at the end: the next start does so", "error", err)
	}
}

// ask asks all witnesses from time to time, when there is something new.
func (k *Keeper) ask(ctx context.Context) {
	if len(k.Peers) == 0 {
		return
	}
	ticker := time.NewTicker(k.AskEvery)
	defer ticker.Stop()
	told := said{log: k.Logger}
	size := int64(-1) // that all have cosigned
	for {
		if s := k.Log.Last(); s.Note != nil && s.N != size {
			if k.askOnce(ctx, s, &told) {
				size = s.N
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// askOnce reports whether all have cosigned.
func (k *Keeper) askOnce(ctx context.Context, s translog.Signed, told *said) bool {
	cosigned, errs := witness.Gather(ctx, k.Peers, k.Log, s)
	all, any := true, false
	for i, err := range errs {
		all, any = all && err == nil, any || err == nil
		if ctx.Err() == nil {
			told.say(k.Peers[i].Name(), "a witness has not cosigned", err)
		}
	}
	if !any {
		return false
	}
	if k.Cosigned != nil {
		told.say("", "a cosigned checkpoint cannot be kept at the moment", k.Cosigned.PutCheckpoint(ctx, cosigned.Note))
	}
	// Meanwhile the log has been signed for more, as a rule: the cosigned
	// checkpoint is served as long as it is the last one.
	if err := k.Log.Cosigned(ctx, cosigned); err != nil {
		k.Logger.Debug("a cosigned checkpoint is not the last one any more", "error", err)
	}
	return all
}

// said logs errors, each only when it is another than before.
type said struct {
	log  *slog.Logger
	last map[string]string
}

func (s *said) say(about, text string, err error) {
	if s.last == nil {
		s.last = map[string]string{}
	}
	if err == nil {
		if s.last[about] != "" {
			s.log.Info("what failed before works again", "was", text, "witness", about)
		}
		delete(s.last, about)
		return
	}
	if s.last[about] == err.Error() {
		return
	}
	s.last[about] = err.Error()
	if about == "" {
		s.log.Error(text, "error", err)
		return
	}
	s.log.Warn(text, "witness", about, "error", err)
}
