package bench

// KernelsSchema names the layout of KernelResults.
const KernelsSchema = "hashlease-bench-kernels/2"

// yardstick is the kernel that ratios refer to.
const yardstick = "stdlib"

// KernelResults are the rates of all kernels on one machine. FORMAT.md
// specifies the document; its fields are in the order of the file.
type KernelResults struct {
	Schema   string  `json:"schema"`
	Program  Program `json:"program"`
	Start    string  `json:"start"` // RFC 3339, UTC, as End
	End      string  `json:"end"`
	Machine  Machine `json:"machine"`
	Threads  int     `json:"threads"`  // of all threads
	Versions int     `json:"versions"` // rolled versions of a header
	Rounds   int     `json:"rounds"`
	TimeMs   int64   `json:"time_ms"` // asked for, of one measurement
	Pinned   bool    `json:"pinned"`  // each thread had a processor of its own
	Seed     string  `json:"seed"`    // 64 hexadecimal digits

	Kernels []KernelResult `json:"kernels"`
	Best    string         `json:"best"` // the fastest with all threads, by HpsAllCPU
}

// Program says what measured.
type Program struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the source was not as committed
	Go       string `json:"go"`
}

// Machine says what was measured, by its own account.
type Machine struct {
	CPU        string   `json:"cpu"`
	Features   []string `json:"features"` // of the processor, those that kernels use
	Processors int      `json:"processors"`
	Platform   string   `json:"platform"`                     // GOOS/GOARCH
	OS         string   `json:"os,omitempty"`                 // release of the operating system's kernel
	Governor   string   `json:"governor,omitempty"`           // of the clock, Linux
	Driver     string   `json:"frequency_driver,omitempty"`   // of the clock, Linux
	StealTicks uint64   `json:"steal_ticks,omitempty"`        // taken by the hypervisor in the time, in 1/100 s of all processors
	Energy     string   `json:"energy_unavailable,omitempty"` // why there are no figures of energy
}

// KernelResult is the rate of one kernel.
type KernelResult struct {
	Name  string `json:"name"`
	Lanes int    `json:"lanes"`

	HpsOne    uint64  `json:"hps_1thread"`     // H/s of one thread by the wall clock
	HpsAll    uint64  `json:"hps_all"`         // H/s of all threads together by the wall clock
	Ratio     float64 `json:"ratio_stdlib"`    // HpsOneCPU over that of the standard library
	HpsOneCPU uint64  `json:"hps_1thread_cpu"` // H/s of one thread by its processor time
	HpsAllCPU uint64  `json:"hps_all_cpu"`     // H/s of all threads together by their processor time, as if each had a processor to itself

	OneRange    [2]uint64 `json:"hps_1thread_range"` // the slowest and the fastest of the middle half of the rounds
	AllRange    [2]uint64 `json:"hps_all_range"`
	OneCPURange [2]uint64 `json:"hps_1thread_cpu_range"`
	AllCPURange [2]uint64 `json:"hps_all_cpu_range"`

	Busy   float64 `json:"busy_percent,omitempty"`    // processor time of all threads, of the wall time
	Cycles float64 `json:"cycles_per_hash,omitempty"` // of one thread
	Joules float64 `json:"joules_per_th,omitempty"`   // of the packages, for 10^12 hashes of all threads

	ZeroBits int    `json:"zero_bits,omitempty"` // leading zero bits of a hit's hash
	One      *Phase `json:"one_thread,omitempty"`
	All      *Phase `json:"all_threads,omitempty"`
	Error    string `json:"error,omitempty"` // why it could not be measured; then there are no phases
}

// Phase is what one kernel did with one number of threads.
type Phase struct {
	Rounds []Round `json:"rounds"`
	Hits   uint64  `json:"hits"`
	Digest string  `json:"digest"` // SHA-256 over all hits
	Lowest string  `json:"lowest"` // the hits with the lowest hashes, that one first
}

// Round is one measurement.
type Round struct {
	Nonces uint64 `json:"nonces"` // 0 … Nonces-1 were scanned
	Hashes uint64 `json:"hashes"` // Nonces × versions
	WallNs int64  `json:"wall_ns"`
	CPUNs  int64  `json:"cpu_ns"` // of all threads

	ClockHz   uint64 `json:"clock_hz,omitempty"` // of the processor just after, one thread
	PackageUJ uint64 `json:"package_uj,omitempty"`
	DRAMUJ    uint64 `json:"dram_uj,omitempty"`
}
