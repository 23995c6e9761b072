package dev.hearth.runtime.spec;

import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.SecurityContext;
import dev.hearth.runtime.model.SecurityContext.GroupsPolicy;
import dev.hearth.runtime.spec.UserDatabase.User;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Who a container's process runs as. */
public final class Users {
  /** Linux takes no more supplementary groups (setgroups(2), NGROUPS_MAX). */
  private static final int MAX_GROUPS = 65_536;

  private static final String NO_HOME = "/";

  private Users() {}

  /**
   * Decides as the peers do: the request's user name, else its uid, else the image's user, else
   * root. A uid that the image does not know is fine and has group 0; a name that it does not know
   * is not.
   *
   * @param imageUser {@code uid}, {@code name}, {@code uid:gid}, {@code name:group} or a mixture;
   *     may be empty
   * @throws HearthException.InvalidRequest if a name is not in the image
   */
  public static ProcessUser resolve(
      SecurityContext security, String imageUser, UserDatabase database) {
    String image = imageUser.strip();
    boolean fromImage = security.runAsUsername().isEmpty() && security.runAsUser().isEmpty();
    String wanted =
        security.runAsUsername().isEmpty()
            ? security.runAsUser().map(String::valueOf).orElse(userPart(image))
            : security.runAsUsername();
    Optional<User> known = lookUp(wanted, database);
    long uid = known.map(User::uid).orElseGet(() -> UserDatabase.id(wanted).orElse(0));
    long gid = known.map(User::gid).orElse(0L);
    if (security.runAsGroup().isPresent()) {
      gid = security.runAsGroup().get();
    } else if (fromImage && image.indexOf(':') >= 0) {
      gid = group(image.substring(image.indexOf(':') + 1), gid, database);
    }
    String home = known.map(User::home).filter(h -> h.startsWith("/")).orElse(NO_HOME);
    return new ProcessUser(uid, gid, groups(security, gid, known, database), home);
  }

  private static String userPart(String imageUser) {
    int colon = imageUser.indexOf(':');
    String user = colon < 0 ? imageUser : imageUser.substring(0, colon);
    return user.isEmpty() ? "0" : user;
  }

  /** A number is a uid, even if somebody is called so. */
  private static Optional<User> lookUp(String wanted, UserDatabase database) {
    OptionalLong uid = UserDatabase.id(wanted);
    if (uid.isPresent()) {
      return database.user(uid.getAsLong());
    }
    Optional<User> known = database.user(wanted);
    if (known.isEmpty()) {
      throw new HearthException.InvalidRequest(
          "user " + wanted + " is not in the image's /etc/passwd");
    }
    return known;
  }

  private static long group(String wanted, long usual, UserDatabase database) {
    if (wanted.isEmpty()) {
      return usual;
    }
    OptionalLong gid = UserDatabase.id(wanted);
    return gid.isPresent()
        ? gid.getAsLong()
        : database
            .group(wanted)
            .orElseThrow(() ->
                new HearthException.InvalidRequest(
                    "group " + wanted + " is not in the image's /etc/group"))
            .gid();
  }

  /**
   * The primary group is among them: without, dropping it would open what is closed to the group
   * alone.
   */
  private static List<Long> groups(
      SecurityContext security, long gid, Optional<User> known, UserDatabase database) {
    Set<Long> groups = new LinkedHashSet<>();
    groups.add(gid);
    if (security.groupsPolicy() == GroupsPolicy.MERGE) {
      known.ifPresent(user -> groups.addAll(database.groupsOf(user.name(), MAX_GROUPS + 1)));
    }
    groups.addAll(security.supplementalGroups());
    if (groups.size() > MAX_GROUPS) {
      throw new HearthException.InvalidRequest(
          "more than the " + MAX_GROUPS + " supplementary groups that Linux allows");
    }
    return List.copyOf(groups);
  }
}
