package dev.hearth.runtime.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * An image's /etc/passwd and /etc/group (passwd(5), group(5)). They come from a stranger: lines
 * that make no sense are passed over, only so much is read, and nothing is kept of what was not
 * asked for, or a file of many short lines would fill the daemon's memory.
 */
public final class UserDatabase {
  /** Characters of each file that are looked at; what follows is as if it were not there. */
  public static final int MAX_TEXT = 1 << 20;

  /** 2^32 - 1 means "no change" to setuid(2), so it is no id. */
  private static final long MAX_ID = 0xFFFF_FFFEL;

  private static final int MAX_DIGITS = 10;
  private static final int PASSWD_FIELDS = 7;
  private static final int GROUP_FIELDS = 4;

  /** A line of passwd. */
  record User(String name, long uid, long gid, String home) {}

  /**
   * A line of group.
   *
   * @param members with commas between
   */
  record Group(String name, long gid, String members) {
    boolean has(String user) {
      // Not split: a line may hold as many commas as the file is long.
      return ("," + members + ",").contains("," + user + ",");
    }
  }

  private final String passwd;
  private final String group;

  private UserDatabase(String passwd, String group) {
    this.passwd = passwd;
    this.group = group;
  }

  /**
   * Takes both files.
   *
   * @param passwd empty if there is none
   * @param group empty if there is none
   */
  public static UserDatabase parse(String passwd, String group) {
    return new UserDatabase(start(passwd), start(group));
  }

  private static String start(String text) {
    return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT);
  }

  private Stream<User> users() {
    return passwd
        .lines()
        .map(line -> fields(line, PASSWD_FIELDS))
        .flatMap(fields -> fields.isEmpty() ? Stream.empty() : user(fields).stream());
  }

  private static Optional<User> user(List<String> fields) {
    OptionalLong uid = id(fields.get(2));
    OptionalLong gid = id(fields.get(3));
    return uid.isPresent() && gid.isPresent()
        ? Optional.of(new User(fields.getFirst(), uid.getAsLong(), gid.getAsLong(), fields.get(5)))
        : Optional.empty();
  }

  private Stream<Group> groups() {
    return group
        .lines()
        .map(line -> fields(line, GROUP_FIELDS))
        .flatMap(fields -> fields.isEmpty() ? Stream.empty() : group(fields).stream());
  }

  private static Optional<Group> group(List<String> fields) {
    OptionalLong gid = id(fields.get(2));
    return gid.isPresent()
        ? Optional.of(new Group(fields.getFirst(), gid.getAsLong(), fields.get(3)))
        : Optional.empty();
  }

  /** The fields of a line, missing ones empty; none for comments and lines of NIS. */
  private static List<String> fields(String line, int count) {
    String text = line.strip();
    if (text.isEmpty() || "#+-:".indexOf(text.charAt(0)) >= 0) {
      return List.of();
    }
    List<String> parts = new ArrayList<>(List.of(text.split(":", count)));
    while (parts.size() < count) {
      parts.add("");
    }
    return parts;
  }

  /** An id in decimal; nothing for anything else. */
  static OptionalLong id(String text) {
    if (text.isEmpty() || text.length() > MAX_DIGITS) {
      return OptionalLong.empty();
    }
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return OptionalLong.empty();
      }
      value = value * 10 + (c - '0');
    }
    return value <= MAX_ID ? OptionalLong.of(value) : OptionalLong.empty();
  }

  Optional<User> user(String name) {
    return users().filter(u -> u.name.equals(name)).findFirst();
  }

  Optional<User> user(long uid) {
    return users().filter(u -> u.uid == uid).findFirst();
  }

  Optional<Group> group(String name) {
    return groups().filter(g -> g.name.equals(name)).findFirst();
  }

  /**
   * The groups that list a user as a member.
   *
   * @param most no more than these
   */
  List<Long> groupsOf(String user, int most) {
    return groups().filter(g -> g.has(user)).map(Group::gid).limit(most).toList();
  }
}
