package main

import (
	"time"

	"github.com/hashlease/hashlease/stratum"
)

// limits is what the keys mean to the server.
func (c *stratumConfig) limits() stratum.Limits {
	return stratum.Limits{
		Connections:     int(c.MaxConnections),
		PerAddress:      int(c.MaxPerAddress),
		LineBytes:       int(c.MaxLine),
		QueueBytes:      int(c.QueueBytes),
		Workers:         int(c.MaxWorkers),
		Jobs:            int(c.MaxJobs),
		Malformed:       int(c.MaxMalformed),
		PreAuthTime:     seconds(c.PreAuthSec),
		PreAuthMessages: int(c.PreAuthMsgs),
		LoginTime:       seconds(c.LoginSec),
		WriteTime:       seconds(c.WriteSec),
		IdleTime:        seconds(c.IdleSec),
		JobTime:         seconds(c.JobSec),
		MessageRate:     int(c.MessageRate),
		MessageBurst:    int(c.MessageBurst),
		FairRate:        int(c.FairRate),
		SpareRate:       int(c.SpareRate),
		InvalidPercent:  int(c.InvalidPercent),
		InvalidShares:   int(c.InvalidShares),
		BanTime:         seconds(c.BanSec),
		Bans:            int(c.MaxBans),
		Sessions:        int(c.MaxSessions),
		SessionTime:     seconds(c.SessionSec),
		SharesPerBlock:  int(c.SharesPerBlock),
	}
}

// vardiff is how difficulties are chosen.
func (c *stratumConfig) vardiff() (stratum.Vardiff, error) {
	v := stratum.Vardiff{Interval: milliseconds(c.ShareIntervalMs), FixedInterval: milliseconds(c.FixedIntervalMs)}
	var err error
	v.Min, v.Start, v.Max, err = c.difficulties()
	return v, err
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
