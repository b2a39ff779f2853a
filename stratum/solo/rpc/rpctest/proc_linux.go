package rpctest

import "syscall"

// dieWithParent has the kernel kill the node when the test is killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
