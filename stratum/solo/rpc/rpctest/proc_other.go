//go:build !linux

package rpctest

import "syscall"

// dieWithParent does nothing here: a node may outlive a killed test.
func dieWithParent() *syscall.SysProcAttr { return nil }
