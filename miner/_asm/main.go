// Command _asm writes the assembly of the scanning kernels. It is run by
// go generate in the folder above.
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	kernel := flag.String("kernel", "", "avx2, avx512 or sha-ni, or one of them and -blocks")
	flag.Parse()
	ConstraintExpr("!purego")
	switch *kernel {
	case "avx2":
		avx2()
	case "avx2-blocks":
		avx2Vectors.blocks()
	case "avx512":
		avx512()
	case "avx512-blocks":
		avx512Vectors.blocks()
	case "sha-ni":
		shaNI()
	case "sha-ni-blocks":
		shaNIBlocks()
	default:
		fmt.Fprintln(os.Stderr, "usage: go run . -kernel avx2[-blocks]|avx512[-blocks]|sha-ni[-blocks] -out FILE -stubs FILE -pkg NAME")
		os.Exit(2)
	}
	Generate()
}
