package dev.hearth.runtime.recovery;

import dev.hearth.runtime.model.ContainerId;
import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.store.RecordStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Collects the report while many threads recover. Thread-safe. */
final class Findings {
  private static final System.Logger LOG = System.getLogger("dev.hearth.recovery");

  private final List<PodId> pods = new ArrayList<>();
  private final List<ContainerId> containers = new ArrayList<>();
  private final List<RecoveryReport.MarkedExited> exited = new ArrayList<>();
  private final List<RecoveryReport.SetAside> setAside = new ArrayList<>();
  private final List<String> finished = new ArrayList<>();

  synchronized void adopted(PodId pod) {
    pods.add(pod);
  }

  synchronized void adopted(ContainerId container) {
    containers.add(container);
  }

  synchronized void exited(ContainerId container, ContainerState.Exited end) {
    exited.add(new RecoveryReport.MarkedExited(container, end));
  }

  synchronized void finished(String what) {
    LOG.log(System.Logger.Level.INFO, what);
    finished.add(what);
  }

  void setAside(String kind, String id, String reason) {
    setAside(new RecoveryReport.SetAside(kind, id, reason, ""));
  }

  void setAside(String kind, RecordStore.SetAside aside) {
    setAside(
        new RecoveryReport.SetAside(
            kind, aside.name(), aside.reason(), aside.movedTo().toString()));
  }

  private synchronized void setAside(RecoveryReport.SetAside aside) {
    LOG.log(System.Logger.Level.WARNING, "{0} {1}: {2}", aside.kind(), aside.id(), aside.reason());
    setAside.add(aside);
  }

  /** Ids, as far as they are well formed: names of files found may be anything. */
  synchronized List<String> podsSetAside() {
    return setAside.stream()
        .filter(aside -> aside.kind().equals("pod record"))
        .map(RecoveryReport.SetAside::id)
        .filter(PodId::isValid)
        .toList();
  }

  synchronized RecoveryReport report(Duration duration) {
    return new RecoveryReport(duration, pods, containers, exited, setAside, finished);
  }
}
