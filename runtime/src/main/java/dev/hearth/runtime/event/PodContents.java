package dev.hearth.runtime.event;

import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodRecord;
import java.util.List;
import java.util.Optional;

/** What an event tells of its pod: the records as they are now. Must not block. */
public interface PodContents {
  Optional<PodRecord> sandbox(PodId pod);

  /** Oldest first. */
  List<ContainerRecord> containers(PodId pod);
}
