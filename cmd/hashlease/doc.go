// Command hashlease runs a provider's node, rents its hash power to tenants,
// and gives each tenant a statement that anybody can check by re-hashing the
// shares in it.
//
// Every command is one file. Data goes to standard output, alone; logs,
// progress and the live view go to standard error. The exit codes are
//
//	0    success
//	1    error
//	2    wrong usage or configuration
//	3    a verification failed
//	4    a kernel's self-test failed
//	130  interrupted (SIGINT)
package main
