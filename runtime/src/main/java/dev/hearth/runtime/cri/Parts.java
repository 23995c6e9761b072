package dev.hearth.runtime.cri;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A list sent in parts, each far below what clients accept in one message. Items are made only as
 * the client takes them; one that is larger than a part is a part alone.
 */
final class Parts {
  /** The serialized size at which a part is sent. */
  static final int BYTES = 256 << 10;

  private Parts() {}

  static <I extends Message, A> void send(
      Stream<I> items, Function<List<I>, A> part, AnswerStream<A> answers)
      throws InterruptedException {
    List<I> held = new ArrayList<>();
    long bytes = 0;
    for (Iterator<I> all = items.iterator(); all.hasNext(); ) {
      I item = all.next();
      int size = item.getSerializedSize();
      if (!held.isEmpty() && bytes + size > BYTES) {
        answers.send(part.apply(held));
        held.clear();
        bytes = 0;
      }
      held.add(item);
      bytes += size;
    }
    if (!held.isEmpty()) {
      answers.send(part.apply(held));
    }
  }
}
