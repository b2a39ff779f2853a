//go:build !linux

package miner

import (
	"errors"
	"runtime"
	"time"
)

var errOnlyLinux = errors.New("only possible on Linux")

// threadTime returns a time to be compared with another: here the wall clock.
func threadTime() time.Duration { return time.Duration(time.Now().UnixNano()) }

func allowedCPUs() []int { return anyCPUs(runtime.NumCPU()) }

func pinThread([]int, int) (int, error) { return -1, errOnlyLinux }

func idleThread() (string, error) { return "", errOnlyLinux }
