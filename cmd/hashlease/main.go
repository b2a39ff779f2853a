package main

import (
	"context"
	"os"
)

func main() {
	ctx, stop := onSignals(context.Background())
	code := run(ctx, osEnv(), os.Args[1:])
	stop()
	os.Exit(code)
}
