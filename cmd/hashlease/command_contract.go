package main

// The words that contracts are managed by.

func tenantVerbs() []command {
	return []command{
		{name: "add", brief: "add a tenant", run: runTenantAdd},
		{name: "list", brief: "list the tenants", run: runTenantList},
		{name: "show", brief: "show one tenant and what is owed to it", run: runTenantShow},
		{name: "address", brief: "change where a tenant is paid", run: runTenantAddress},
	}
}

func leaseVerbs() []command {
	return []command{
		{name: "add", brief: "lease hash rate, hosted rigs or processors to a tenant", run: runLeaseAdd},
		{name: "list", brief: "list the leases", run: runLeaseList},
		{name: "show", brief: "show one lease, what it was delivered and charged", run: runLeaseShow},
		{name: "prepay", brief: "book a payment for a lease", run: runLeasePrepay},
		{name: "pause", brief: "stop a lease for a while", run: runLeasePause},
		{name: "resume", brief: "let a paused lease go on", run: runLeaseResume},
		{name: "extend", brief: "make a lease's term longer", run: runLeaseExtend},
		{name: "pool", brief: "send a lease's work to another pool", run: runLeasePool},
		{name: "order", brief: "carry out an order that a tenant signed", run: runLeaseOrder},
		{name: "close", brief: "end a lease now", run: runLeaseClose},
	}
}

func termsVerbs() []command {
	return []command{
		{name: "list", brief: "list the versions", run: runTermsList},
		{name: "show", brief: "show a version, the newest by default", run: runTermsShow},
		{name: "add", brief: "make a document the newest version", run: runTermsAdd},
		{name: "diff", brief: "show in what two versions differ", run: runTermsDiff},
	}
}

func maintenanceVerbs() []command {
	return []command{
		{name: "add", brief: "announce maintenance before it begins", run: runMaintenanceAdd},
		{name: "list", brief: "list what was announced", run: runMaintenanceList},
	}
}
