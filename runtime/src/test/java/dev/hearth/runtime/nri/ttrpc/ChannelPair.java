package dev.hearth.runtime.nri.ttrpc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.Pipe;

/** Two ends of a connection within this process. */
public record ChannelPair(ByteChannel first, ByteChannel second) {
  public static ChannelPair open() throws IOException {
    Pipe there = Pipe.open();
    Pipe back = Pipe.open();
    return new ChannelPair(
        new End(back.source(), there.sink()), new End(there.source(), back.sink()));
  }

  private record End(Pipe.SourceChannel in, Pipe.SinkChannel out) implements ByteChannel {
    @Override
    public int read(ByteBuffer into) throws IOException {
      return in.read(into);
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      return out.write(from);
    }

    @Override
    public boolean isOpen() {
      return in.isOpen();
    }

    @Override
    public void close() throws IOException {
      in.close();
      out.close();
    }
  }
}
