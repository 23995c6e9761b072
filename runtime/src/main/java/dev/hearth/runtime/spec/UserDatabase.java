package dev.hearth.runtime.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An image's /etc/passwd and /etc/group (passwd(5), group(5)). They come from a stranger: lines
 * that make no sense are passed over, and only so much is read.
 */
public final class UserDatabase {
  /** Characters of each file that are looked at; what follows is as if it were not there. */
  public static final int MAX_TEXT = 4 << 20;

  /** Longest line that is looked at: a group may have thousands of members. */
  private static final int MAX_LINE = 1 << 20;

  /** 2^32 - 1 means "no change" to setuid(2), so it is no id. */
  private static final long MAX_ID = 0xFFFF_FFFEL;

  private static final int MAX_DIGITS = 10;
  private static final int PASSWD_FIELDS = 7;
  private static final int GROUP_FIELDS = 4;

  /** A line of passwd. */
  record User(String name, long uid, long gid, String home) {}

  /** A line of group. */
  record Group(String name, long gid, List<String> members) {}

  private final List<User> users;
  private final List<Group> groups;

  private UserDatabase(List<User> users, List<Group> groups) {
    this.users = users;
    this.groups = groups;
  }

  /**
   * Reads both files.
   *
   * @param passwd empty if there is none
   * @param group empty if there is none
   */
  public static UserDatabase parse(String passwd, String group) {
    List<User> users = new ArrayList<>();
    for (List<String> fields : lines(passwd, PASSWD_FIELDS)) {
      OptionalLong uid = id(fields.get(2));
      OptionalLong gid = id(fields.get(3));
      if (uid.isPresent() && gid.isPresent()) {
        users.add(new User(fields.getFirst(), uid.getAsLong(), gid.getAsLong(), fields.get(5)));
      }
    }
    List<Group> groups = new ArrayList<>();
    for (List<String> fields : lines(group, GROUP_FIELDS)) {
      OptionalLong gid = id(fields.get(2));
      if (gid.isPresent()) {
        List<String> members = List.of(fields.get(3).split(",", -1));
        groups.add(new Group(fields.getFirst(), gid.getAsLong(), members));
      }
    }
    return new UserDatabase(List.copyOf(users), List.copyOf(groups));
  }

  private static List<List<String>> lines(String text, int fields) {
    List<List<String>> found = new ArrayList<>();
    int end = Math.min(text.length(), MAX_TEXT);
    for (int from = 0; from < end; ) {
      int newline = text.indexOf('\n', from);
      int to = newline < 0 || newline > end ? end : newline;
      if (to - from <= MAX_LINE) {
        List<String> parts = fields(text.substring(from, to), fields);
        if (!parts.isEmpty()) {
          found.add(parts);
        }
      }
      from = to + 1;
    }
    return found;
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
    return users.stream().filter(u -> u.name.equals(name)).findFirst();
  }

  Optional<User> user(long uid) {
    return users.stream().filter(u -> u.uid == uid).findFirst();
  }

  Optional<Group> group(String name) {
    return groups.stream().filter(g -> g.name.equals(name)).findFirst();
  }

  /** The groups that list a user as a member. */
  List<Long> groupsOf(String user) {
    return groups.stream().filter(g -> g.members.contains(user)).map(Group::gid).toList();
  }
}
