package miner

import "time"

// What a program that measures kernels by itself needs of the engine's way
// with threads.

// Processors returns the numbers of the processors the calling thread may
// use: one of each core first, then the cores' other halves.
func Processors() []int { return allowedCPUs() }

// PinThread keeps the calling thread on one processor. It is an error where
// the system cannot do it (all but Linux) or refuses. A goroutine locks itself
// to its thread before, and ends without unlocking.
func PinThread(processor int) error {
	_, err := pinThread([]int{processor}, 0)
	return err
}

// ThreadTime returns the processor time the calling thread has used, to be
// compared with another of the same thread; elsewhere than on Linux it is the
// wall clock.
func ThreadTime() time.Duration { return threadTime() }
