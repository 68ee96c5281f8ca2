package settings

// Runs says on what a machine's programs run.
type Runs string

// What programs run on. RunsMachine is one that nothing tells more of: a
// virtual machine, a server, a laptop.
const (
	RunsMachine    Runs = "machine"
	RunsVM         Runs = "vm"
	RunsContainer  Runs = "container"
	RunsWSL        Runs = "wsl" // Windows Subsystem for Linux
	RunsAKS        Runs = "aks-pod"
	RunsAppService Runs = "app-service"
	RunsFunction   Runs = "function"
	RunsCloudShell Runs = "cloud-shell"
	RunsManaged    Runs = "managed-service"
	RunsAppGateway Runs = "application-gateway"
)
