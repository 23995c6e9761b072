package dev.hearth.daemon;

import dev.hearth.config.Configuration;
import dev.hearth.linux.BlockingCalls;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.NativeCalls;
import dev.hearth.linux.Poller;
import dev.hearth.runtime.cdi.CdiDevices;
import dev.hearth.runtime.cgroup.CgroupException;
import dev.hearth.runtime.cgroup.Cgroups;
import dev.hearth.runtime.cgroup.systemd.SystemdBus;
import dev.hearth.runtime.checkpoint.Checkpoints;
import dev.hearth.runtime.checkpoint.Criu;
import dev.hearth.runtime.container.AttachContainer;
import dev.hearth.runtime.container.BeginExec;
import dev.hearth.runtime.container.CheckpointContainer;
import dev.hearth.runtime.container.ContainerExits;
import dev.hearth.runtime.container.ContainerInfo;
import dev.hearth.runtime.container.ContainerLimits;
import dev.hearth.runtime.container.ContainerParts;
import dev.hearth.runtime.container.ContainerPlanner;
import dev.hearth.runtime.container.ContainerProcesses;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.container.CreateContainer;
import dev.hearth.runtime.container.ExecSync;
import dev.hearth.runtime.container.InjectDevices;
import dev.hearth.runtime.container.PodCheckpoints;
import dev.hearth.runtime.container.PodContainersOfNode;
import dev.hearth.runtime.container.PodContentsOfNode;
import dev.hearth.runtime.container.RemoveContainer;
import dev.hearth.runtime.container.ReopenContainerLog;
import dev.hearth.runtime.container.RestoredContainers;
import dev.hearth.runtime.container.StartContainer;
import dev.hearth.runtime.container.StopContainer;
import dev.hearth.runtime.container.UpdateContainerResources;
import dev.hearth.runtime.cri.AdminService;
import dev.hearth.runtime.cri.Calls;
import dev.hearth.runtime.cri.EventReader;
import dev.hearth.runtime.cri.MetricsReader;
import dev.hearth.runtime.cri.PodInterfaces;
import dev.hearth.runtime.cri.RpcServer;
import dev.hearth.runtime.cri.RuntimeService;
import dev.hearth.runtime.cri.StatsReader;
import dev.hearth.runtime.cri.StatusReader;
import dev.hearth.runtime.event.ContainerEvents;
import dev.hearth.runtime.event.PodContents;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.Failpoints;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.RandomIds;
import dev.hearth.runtime.network.BuiltInNetwork;
import dev.hearth.runtime.network.IpPrefix;
import dev.hearth.runtime.network.LoopbackNetwork;
import dev.hearth.runtime.network.NetworkConfiguration;
import dev.hearth.runtime.network.NetworkException;
import dev.hearth.runtime.network.PodNamespaces;
import dev.hearth.runtime.network.PodNetwork;
import dev.hearth.runtime.network.cni.AutomaticNetwork;
import dev.hearth.runtime.network.cni.CniNetwork;
import dev.hearth.runtime.network.cni.CniSettings;
import dev.hearth.runtime.network.netlink.NetlinkSockets;
import dev.hearth.runtime.nri.NriServer;
import dev.hearth.runtime.nri.NriSettings;
import dev.hearth.runtime.pod.OwnedNamespaces;
import dev.hearth.runtime.pod.PauseProcess;
import dev.hearth.runtime.pod.PauseWatch;
import dev.hearth.runtime.pod.PodFiles;
import dev.hearth.runtime.pod.PodSockets;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.pod.RemovePodSandbox;
import dev.hearth.runtime.pod.RunPodSandbox;
import dev.hearth.runtime.pod.RuntimeHandlers;
import dev.hearth.runtime.pod.SandboxParts;
import dev.hearth.runtime.pod.StopPodSandbox;
import dev.hearth.runtime.pod.UpdatePodRanges;
import dev.hearth.runtime.pod.UpdatePodSandboxResources;
import dev.hearth.runtime.pod.UserRanges;
import dev.hearth.runtime.recovery.Recovery;
import dev.hearth.runtime.recovery.RecoveryReport;
import dev.hearth.runtime.snapshot.Layers;
import dev.hearth.runtime.snapshot.RootFilesystems;
import dev.hearth.runtime.spec.ContainerPlans;
import dev.hearth.runtime.spec.NodeView;
import dev.hearth.runtime.store.RecordStore;
import dev.hearth.runtime.stream.Attach;
import dev.hearth.runtime.stream.Exec;
import dev.hearth.runtime.stream.PortForward;
import dev.hearth.runtime.stream.StreamServer;
import dev.hearth.shim.ShimLauncher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Puts the daemon together, and takes it apart in reverse order. What has to be closed is pushed
 * onto a stack as it is made, so a start that fails half-way leaves nothing open.
 */
final class Wiring implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.hearth");

  /** Locks of bridges, whosever daemon's: beside no root and no state. */
  private static final Path BRIDGES = Path.of("/run/hearth-bridges");

  /** Events a subscriber may lag behind. */
  private static final int EVENT_BOUND = 4096;

  /** What closing may take when the daemon is asked to stop; service managers wait for longer. */
  private static final Duration CLOSING = Duration.ofSeconds(8);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Configuration configuration;
  private final Layout layout;
  private final Clock clock = Clock.systemUTC();
  private final Failpoints failpoints = InjectedFailpoints.configured();
  private final AtomicBoolean ready = new AtomicBoolean();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);

  private Wiring(Configuration configuration) {
    this.configuration = configuration;
    this.layout = new Layout(configuration.root(), configuration.state());
  }

  /** A daemon of this configuration, not serving yet. */
  static Wiring of(Configuration configuration) {
    return new Wiring(configuration);
  }

  private <T extends AutoCloseable> T closing(T thing) {
    open.push(thing);
    return thing;
  }

  /**
   * Serves until {@link #stop}. The socket is there at once; until everything is taken over, calls
   * are answered UNAVAILABLE.
   */
  void serve() throws Exception {
    long start = System.nanoTime();
    Instant startedAt = clock.instant();
    NativeCalls.load();
    claimBridge();
    makeDirectories();
    Poller poller = closing(new Poller());
    BlockingCalls blocking = closing(new BlockingCalls(BlockingCalls.DEFAULT_LIMIT));
    Cgroups cgroups = cgroups(blocking, poller);
    cgroups.begin();
    ShimLauncher launcher = closing(new ShimLauncher(poller, shimProgram()));
    PodNetwork network = closing(network(blocking, poller));
    Layers layers = Layers.open(layout.root());
    RootFilesystems roots =
        closing(RootFilesystems.open(layout.root(), layout.state(), layers, blocking, clock));
    ImageWiring images = closing(ImageWiring.of(configuration, layers, failpoints, clock));

    RecordStore<PodRecord> podStore =
        RecordStore.open(layout.podRecords(), "pod", 1, PodRecord.class, false);
    RecordStore<ContainerRecord> containerStore =
        RecordStore.open(layout.containerRecords(), "container", 1, ContainerRecord.class, false);
    Pods pods = new Pods(podStore);
    Containers containers = new Containers(containerStore);
    PodContents contents = new PodContentsOfNode(pods, containers);
    ContainerEvents events = new ContainerEvents(EVENT_BOUND, contents, clock);
    RandomIds ids = new RandomIds();

    OwnedNamespaces owned = new OwnedNamespaces(launcher);
    RuntimeHandlers handlers = handlers(owned, roots);
    SandboxParts sandboxes =
        new SandboxParts(
            layout,
            new PodFiles(layout, Path.of("/etc")),
            new PodNamespaces(NetlinkSockets.KERNEL, network.prepared(), blocking),
            owned,
            network,
            cgroups,
            new PauseProcess(layout, launcher, poller, cgroups),
            blocking);
    Checkpoints checkpoints =
        Checkpoints.open(layout.root(), Criu.installed(poller), blocking, clock);
    ContainerParts parts = new ContainerParts(layout, pods, sandboxes, roots, cgroups, checkpoints);
    ContainerPlanner planner =
        new ContainerPlanner(layout, pods, containers, roots, plans(cgroups));
    ContainerProcesses processes =
        new ContainerProcesses(layout, launcher, poller, planner, checkpoints, clock);
    CdiDevices cdi = new CdiDevices(configuration.cdi().folders());
    ContainerLimits limits = new ContainerLimits(parts);
    ContainerInfo info = new ContainerInfo(pods, parts, planner);
    Optional<NriServer> nri =
        nri(new NriServer.Node(layout, pods, containers, sandboxes, info, limits, poller));
    NodePlugins plugins = nri.map(NriServer::plugins).orElse(NodePlugins.NONE);
    CheckpointContainer checkpoint =
        new CheckpointContainer(pods, containers, parts, planner, info, checkpoints);
    ContainerExits exits = new ContainerExits(processes, parts, plugins, events);
    StopContainer stop = new StopContainer(containers, processes, parts, plugins);
    RemoveContainer remove =
        new RemoveContainer(
            containers,
            stop,
            parts,
            images.images(),
            images.garbage(),
            plugins,
            events,
            clock,
            failpoints);
    PodContainersOfNode podContainers = new PodContainersOfNode(containers, stop, remove);
    StopPodSandbox stopPod =
        new StopPodSandbox(pods, sandboxes, podContainers, plugins, events, failpoints);
    PauseWatch pauses = new PauseWatch(sandboxes, stopPod);
    RemovePodSandbox removePod =
        new RemovePodSandbox(pods, sandboxes, podContainers, stopPod, plugins, events, failpoints);

    BeginExec beginExec = new BeginExec(processes, parts, planner);
    StreamServer streams =
        closing(
            new StreamServer(
                configuration.stream().address(),
                new StreamServer.Parts(
                    containers,
                    pods,
                    beginExec,
                    new AttachContainer(processes),
                    new PodSockets(layout),
                    poller),
                clock));

    Calls calls = new Calls(ready::get);
    PodInterfaces interfaces = new PodInterfaces(network, sandboxes);
    RuntimeService.Readers readers =
        new RuntimeService.Readers(
            new StatusReader(
                pods, containers, contents, info, network, layout, handlers, cdi, clock),
            new StatsReader(pods, containers, sandboxes, parts, interfaces, layout, clock),
            new MetricsReader(
                pods,
                containers,
                sandboxes,
                parts,
                interfaces,
                new MetricsReader.Node(Path.of("/proc"), Path.of("/sys"), layout.root())),
            new EventReader(events));
    RuntimeService runtime =
        new RuntimeService(
            calls,
            Version.NUMBER,
            cgroups.config().driver(),
            new RuntimeService.PodVerbs(
                new RunPodSandbox(
                    pods, sandboxes, plugins, events, ids, clock, failpoints, pauses, handlers),
                stopPod,
                removePod,
                new UpdatePodSandboxResources(pods, plugins),
                new UpdatePodRanges(network)),
            new RuntimeService.ContainerVerbs(
                new CreateContainer(
                    pods,
                    containers,
                    images.images(),
                    parts,
                    planner,
                    new RestoredContainers(checkpoints, images.images(), roots),
                    plugins,
                    new InjectDevices(cdi),
                    events,
                    ids,
                    clock,
                    failpoints),
                new StartContainer(
                    pods,
                    containers,
                    parts,
                    planner,
                    processes,
                    exits,
                    plugins,
                    events,
                    clock,
                    failpoints),
                stop,
                remove,
                new UpdateContainerResources(containers, limits, plugins),
                new ReopenContainerLog(containers, processes),
                new ExecSync(containers, beginExec, poller),
                checkpoint,
                new PodCheckpoints(pods, checkpoints)),
            new RuntimeService.StreamVerbs(
                new Exec(containers, streams),
                new Attach(containers, streams),
                new PortForward(pods, streams)),
            readers);
    AtomicReference<Optional<RecoveryReport>> report = new AtomicReference<>(Optional.empty());
    AdminService admin =
        new AdminService(
            calls,
            images.pull(),
            pods,
            network,
            new AdminService.About(Version.NUMBER, startedAt, layout),
            report::get);
    closing(
        RpcServer.serve(
            configuration.socket(),
            List.of(runtime, images.service(calls, handlers, roots::usageOfAll), admin)));
    // Readers of events never leave by themselves, and a server waits for its calls.
    var _ = closing(events);
    Recovery recovery =
        new Recovery(
            podStore,
            containerStore,
            new Recovery.Parts(
                pods,
                containers,
                sandboxes,
                parts,
                processes,
                exits,
                pauses,
                stopPod,
                removePod,
                remove,
                network,
                roots),
            failpoints,
            clock);
    report.set(Optional.of(recovery.run()));
    checkpoint.recover();
    images.scan();
    if (nri.isPresent()) {
      nri.get().serve();
    }
    ready.set(true);
    LOG.log(
        System.Logger.Level.INFO,
        "hearthd {0} serves on {1}, {2} ms after its start",
        Version.NUMBER,
        configuration.socket(),
        (System.nanoTime() - start) / 1_000_000);
    stopped.await();
  }

  private Optional<NriServer> nri(NriServer.Node node) {
    Configuration.Nri nri = configuration.nri();
    return nri.socket()
        .map(socket ->
            closing(
                new NriServer(
                    new NriSettings(
                        socket,
                        nri.plugins(),
                        nri.pluginConfig(),
                        Duration.ofMillis(nri.registrationTimeoutMs()),
                        Duration.ofMillis(nri.requestTimeoutMs()),
                        Version.NUMBER),
                    node)));
  }

  private void makeDirectories() throws IOException {
    for (Path directory : List.of(layout.root(), layout.state())) {
      Files.createDirectories(directory);
      // Passable, since a user namespace's root is not the node's; what is in it cannot be listed.
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    }
    // Records have the environments of containers, with the secrets in them.
    for (String secret : List.of("records", "content", "network")) {
      Path directory = Files.createDirectories(layout.root().resolve(secret));
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    }
    Files.createDirectories(layout.pods());
    Files.createDirectories(layout.containers());
  }

  private static Path shimProgram() {
    return Path.of(System.getProperty("hearth.home", "."), "libexec", "hearth-shim");
  }

  private Cgroups cgroups(BlockingCalls blocking, Poller poller) throws CgroupException {
    Consumer<String> warn = warning -> LOG.log(System.Logger.Level.WARNING, warning);
    Cgroups.Driver driver =
        switch (configuration.cgroup().driver()) {
          case AUTO, CGROUPFS -> Cgroups.Driver.CGROUPFS;
          case SYSTEMD -> Cgroups.Driver.SYSTEMD;
        };
    Cgroups.Config config = Cgroups.Config.of(configuration.cgroup().parent(), driver);
    return switch (driver) {
      case CGROUPFS -> Cgroups.detect(config, blocking, clock, warn);
      case SYSTEMD ->
          Cgroups.underSystemd(
              config, closing(SystemdBus.system()), shimProgram(), poller, blocking, clock, warn);
    };
  }

  private RuntimeHandlers handlers(OwnedNamespaces owned, RootFilesystems roots)
      throws LinuxException, InterruptedException {
    boolean userNamespaces = owned.probe(layout.state().resolve("probe-user"), roots::canMap);
    Configuration.Handlers configured = configuration.handlers();
    RuntimeHandlers.Way plain = new RuntimeHandlers.Way.Plain();
    RuntimeHandlers.Way ownUsers =
        new RuntimeHandlers.Way.OwnUsers(
            new UserRanges(configured.firstId(), configured.idsForPods()));
    Map<String, RuntimeHandlers.Way> ways = new HashMap<>();
    ways.put(RuntimeHandlers.DEFAULT, plain);
    configured.plain().forEach(name -> ways.put(name, plain));
    configured.userNamespace().forEach(name -> ways.put(name, ownUsers));
    return new RuntimeHandlers(
        ways.entrySet().stream()
            .map(entry ->
                new RuntimeHandlers.Handler(entry.getKey(), entry.getValue(), true, userNamespaces))
            .toList());
  }

  private static ContainerPlans plans(Cgroups cgroups) throws InterruptedException {
    NodeView node = new NodeView();
    ContainerPlans plans =
        new ContainerPlans(
            node.facts(
                cgroups.layout().mode() == dev.hearth.runtime.cgroup.Layout.Mode.V2,
                DefaultAppArmorProfile.load()),
            node);
    plans.warmUp();
    return plans;
  }

  private PodNetwork network(BlockingCalls blocking, Poller poller) throws NetworkException {
    return switch (configuration.network().mode()) {
      case NONE -> new LoopbackNetwork();
      case BRIDGE -> bridge(blocking);
      case CNI -> plugins(blocking, poller);
      case AUTO -> new AutomaticNetwork(plugins(blocking, poller), bridge(blocking));
    };
  }

  /** All that the built-in network makes is named after its bridge: it is one daemon's alone. */
  private void claimBridge() throws IOException {
    Configuration.Network network = configuration.network();
    boolean builtIn =
        switch (network.mode()) {
          case AUTO, BRIDGE -> true;
          case CNI, NONE -> false;
        };
    if (builtIn) {
      var _ = closing(FolderLock.takeBridge(BRIDGES, network.bridge()));
    }
  }

  private BuiltInNetwork bridge(BlockingCalls blocking) throws NetworkException {
    Configuration.Network network = configuration.network();
    List<IpPrefix> subnets =
        network.subnets().stream()
            .map(subnet -> new IpPrefix(subnet.network(), subnet.prefixLength()))
            .toList();
    return BuiltInNetwork.open(
        new NetworkConfiguration(network.bridge(), subnets, network.mtu()),
        layout.root().resolve("network"),
        NetlinkSockets.KERNEL,
        blocking,
        clock);
  }

  private CniNetwork plugins(BlockingCalls blocking, Poller poller) throws NetworkException {
    Configuration.Network.Cni cni = configuration.network().cni();
    return CniNetwork.open(
        new CniSettings(
            cni.configuration(),
            cni.plugins(),
            Path.of("/run/netns"),
            Duration.ofMillis(cni.timeoutMs())),
        layout.root().resolve("network/cni"),
        NetlinkSockets.KERNEL,
        blocking,
        poller,
        clock);
  }

  /** Ends {@link #serve}, and waits for {@link #close} as long as that may take. */
  void stop() {
    LOG.log(System.Logger.Level.INFO, "stopping; containers go on");
    stopped.countDown();
    try {
      if (!closed.await(CLOSING.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.log(System.Logger.Level.WARNING, "calls under way are cut off");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Closes everything, last made first. Containers go on. */
  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.WARNING, "could not be closed", e);
      }
    }
    closed.countDown();
  }
}
