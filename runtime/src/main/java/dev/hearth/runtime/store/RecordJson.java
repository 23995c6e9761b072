package dev.hearth.runtime.store;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.TypeAdapter;
import com.google.gson.TypeAdapterFactory;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * JSON of records: Gson, taught Optional, Instant and sealed interfaces. A sealed value is written
 * as {@code {"is": "Running", "value": {...}}}.
 */
final class RecordJson {
  private RecordJson() {}

  static Gson gson() {
    return new GsonBuilder()
        .disableHtmlEscaping()
        .registerTypeAdapter(Instant.class, new InstantAdapter().nullSafe())
        .registerTypeAdapterFactory(new OptionalFactory())
        .registerTypeAdapterFactory(new SealedFactory())
        .create();
  }

  private static final class InstantAdapter extends TypeAdapter<Instant> {
    @Override
    public void write(JsonWriter out, Instant value) throws IOException {
      out.value(value.toString());
    }

    @Override
    public Instant read(JsonReader in) throws IOException {
      return Instant.parse(in.nextString());
    }
  }

  private static final class OptionalFactory implements TypeAdapterFactory {
    @Override
    @SuppressWarnings("unchecked") // Guarded by the raw type.
    public <T> @Nullable TypeAdapter<T> create(Gson gson, TypeToken<T> type) {
      if (type.getRawType() != Optional.class) {
        return null;
      }
      Type inner = ((ParameterizedType) type.getType()).getActualTypeArguments()[0];
      return (TypeAdapter<T>) new OptionalAdapter<>(gson.getAdapter(TypeToken.get(inner)));
    }
  }

  private static final class OptionalAdapter<V> extends TypeAdapter<Optional<V>> {
    private final TypeAdapter<V> inner;

    OptionalAdapter(TypeAdapter<V> inner) {
      this.inner = inner;
    }

    // An empty one is written as [], since Gson leaves out nulls and a record component that is
    // left out would come back as null.
    @Override
    public void write(JsonWriter out, Optional<V> value) throws IOException {
      out.beginArray();
      if (value.isPresent()) {
        inner.write(out, value.get());
      }
      out.endArray();
    }

    @Override
    public Optional<V> read(JsonReader in) throws IOException {
      in.beginArray();
      Optional<V> value =
          in.peek() == JsonToken.END_ARRAY ? Optional.empty() : Optional.of(inner.read(in));
      in.endArray();
      return value;
    }
  }

  private static final class SealedFactory implements TypeAdapterFactory {
    @Override
    @SuppressWarnings("unchecked") // Permitted subclasses of T are Ts.
    public <T> @Nullable TypeAdapter<T> create(Gson gson, TypeToken<T> type) {
      Class<?> raw = type.getRawType();
      if (!raw.isInterface() || !raw.isSealed()) {
        return null;
      }
      Map<String, TypeAdapter<Object>> byName = new LinkedHashMap<>();
      for (Class<?> permitted : raw.getPermittedSubclasses()) {
        byName.put(permitted.getSimpleName(), (TypeAdapter<Object>) gson.getAdapter(permitted));
      }
      return (TypeAdapter<T>) new SealedAdapter(raw.getSimpleName(), byName);
    }
  }

  private static final class SealedAdapter extends TypeAdapter<Object> {
    private final String name;
    private final Map<String, TypeAdapter<Object>> byName;

    SealedAdapter(String name, Map<String, TypeAdapter<Object>> byName) {
      this.name = name;
      this.byName = byName;
    }

    @Override
    public void write(JsonWriter out, Object value) throws IOException {
      String is = value.getClass().getSimpleName();
      out.beginObject().name("is").value(is).name("value");
      adapter(is).write(out, value);
      out.endObject();
    }

    @Override
    public Object read(JsonReader in) throws IOException {
      in.beginObject();
      if (!in.nextName().equals("is")) {
        throw new JsonParseException(name + " does not begin with what it is");
      }
      TypeAdapter<Object> adapter = adapter(in.nextString());
      if (!in.nextName().equals("value")) {
        throw new JsonParseException(name + " has no value");
      }
      Object value = adapter.read(in);
      in.endObject();
      return value;
    }

    private TypeAdapter<Object> adapter(String is) {
      TypeAdapter<Object> adapter = byName.get(is);
      if (adapter == null) {
        throw new JsonParseException("no " + name + " is called " + is);
      }
      return adapter;
    }
  }
}
