#include "jail/settle.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include "text/utf8.h"

namespace countersign::jail {
namespace {

Error failed(const char* what, const std::string& path) {
    return sys::system_error(std::string(what) + " " + text::visible(path));
}

/// A place in a tree: the directory that holds it, and its name.
struct Spot {
    sys::Fd directory;
    std::string name;
};

Result<Spot> spot(const sys::Fd& root, const std::string& path) {
    Spot out;
    out.directory = TRY(open_parent(root, path, out.name));
    return out;
}

/// A name beside the place that no agent has reason to use; what a killed run left is removed.
std::string aside(const std::string& name) {
    constexpr std::size_t kNameBytesKept = 100;
    return ".countersign-new-" + name.substr(0, kNameBytesKept);
}

Result<void> remove_directory(const Spot& at, const std::string& path) {
    if (::unlinkat(at.directory.get(), at.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
        return failed("removing", path);
    }
    return {};
}

/// Deep names before their directories.
template <class Act>
Result<void> backwards(const std::vector<Change>& changes, Act act) {
    for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
        TRY(act(*change));
    }
    return {};
}

Result<void> delete_in_workspace(const sys::Fd& workspace, const Change& change) {
    auto at = spot(workspace, change.path);
    if (!at.ok()) {
        // Its directory is gone as well.
        return at.error().code == ErrorCode::NotFound ? Result<void>() : at.take_error();
    }
    if (change.before.type == EntryType::Directory) {
        return remove_directory(*at, change.path);
    }
    if (::unlinkat(at->directory.get(), at->name.c_str(), 0) != 0 && errno != ENOENT) {
        return failed("removing", change.path);
    }
    return {};
}

/// The whiteout of one deleted name. Names below a deleted directory have none of their own.
Result<void> drop_whiteout(const sys::Fd& upper, const std::string& path) {
    auto at = spot(upper, path);
    if (!at.ok()) {
        return at.error().code == ErrorCode::NotFound ? Result<void>() : at.take_error();
    }
    const Entry entry = TRY(entry_at(at->directory, at->name));
    if (entry.whiteout && ::unlinkat(at->directory.get(), at->name.c_str(), 0) != 0) {
        return failed("clearing", path);
    }
    return {};
}

/// `from` onto `to` by way of a copy beside it; for other file systems and for what must stay.
Result<void> copy_onto(const Spot& from, const Spot& to, Copier& copier) {
    const std::string fresh = aside(to.name);
    auto copied = copier.copy(from.directory, from.name, to.directory, fresh);
    if (!copied.ok() && copied.error().code == ErrorCode::AlreadyExists) {
        TRY(remove_entry(to.directory, fresh));
        copied = copier.copy(from.directory, from.name, to.directory, fresh);
    }
    TRY(std::move(copied));
    if (::renameat(to.directory.get(), fresh.c_str(), to.directory.get(), to.name.c_str()) != 0) {
        Error error = failed("replacing", to.name);
        [[maybe_unused]] const auto removed = remove_entry(to.directory, fresh);
        return error;
    }
    return {};
}

Result<void> carry_file(const Spot& from, const Spot& to, const Change& change, Copier& copier) {
    if (change.before.type == EntryType::Directory) {
        // Empty by now: what was in it counted as deleted.
        TRY(remove_directory(to, change.path));
    }
    if (change.after.type != EntryType::Link) {
        TRY(drop_overlay_attributes(from.directory, from.name));
    }
    if (::renameat(from.directory.get(), from.name.c_str(), to.directory.get(), to.name.c_str()) ==
        0) {
        return {};
    }
    if (errno != EXDEV) {
        return failed("keeping", change.path);
    }
    TRY(copy_onto(from, to, copier));
    return remove_entry(from.directory, from.name);
}

Result<void> carry_directory(const Spot& from, const Spot& to, const Change& change) {
    if (change.before.exists() && change.before.type != EntryType::Directory &&
        ::unlinkat(to.directory.get(), to.name.c_str(), 0) != 0 && errno != ENOENT) {
        return failed("replacing", change.path);
    }
    if (::mkdirat(to.directory.get(), to.name.c_str(), 0700) != 0 && errno != EEXIST) {
        return failed("making", change.path);
    }
    const sys::Fd source = TRY(open_directory_at(from.directory, from.name));
    const sys::Fd target = TRY(open_directory_at(to.directory, to.name));
    return copy_attributes(source, change.after, target);
}

Result<void> carry_one(const sys::Fd& upper, const sys::Fd& workspace, const Change& change,
                       Copier& copier) {
    const Spot from = TRY(spot(upper, change.path));
    const Spot to = TRY(spot(workspace, change.path));
    const bool directory = change.after.type == EntryType::Directory;
    if (change.kind == Change::Kind::Touched && directory) {
        return {};
    }
    if (directory) {
        return carry_directory(from, to, change);
    }
    if (change.after.type == EntryType::Other) {
        // Sockets and pipes mean nothing without the processes that made them.
        return remove_entry(from.directory, from.name);
    }
    return carry_file(from, to, change, copier);
}

/// Part of a directory that was removed as a whole has no mark of its own.
Result<void> check_whole(const sys::Fd& upper, const std::vector<Change>& changes) {
    std::set<std::string_view> chosen;
    for (const Change& change : changes) {
        chosen.insert(change.path);
    }
    for (const Change& change : changes) {
        const std::size_t slash = change.path.rfind('/');
        if (change.kind != Change::Kind::Deleted || slash == std::string::npos ||
            chosen.contains(std::string_view(change.path).substr(0, slash))) {
            continue;
        }
        const auto parent = spot(upper, change.path);
        if (!parent.ok()) {
            return Error(ErrorCode::InvalidArgument,
                         text::visible(change.path) + ": the directory around it was removed whole",
                         "name that directory");
        }
    }
    return {};
}

}  // namespace

namespace {

Result<void> hide_lower_names(const sys::Fd& upper, const sys::Fd& lower, bool opaque, int depth) {
    if (depth > kTreeDepthMax) {
        return Error(ErrorCode::LimitExceeded, "directories are nested too deeply");
    }
    if (opaque) {
        for (const std::string& name : TRY(names_in(lower))) {
            // A whiteout that stands there already is as good; so is what the run made.
            if (::mknodat(upper.get(), name.c_str(), S_IFCHR, 0) != 0 && errno != EEXIST) {
                return failed("marking", name);
            }
        }
    }
    for (const std::string& name : TRY(names_in(upper))) {
        const Entry above = TRY(entry_at(upper, name));
        const Entry below = TRY(entry_at(lower, name));
        if (above.type != EntryType::Directory || below.type != EntryType::Directory) {
            continue;
        }
        const sys::Fd inner = TRY(open_directory_at(upper, name));
        const sys::Fd under = TRY(open_directory_at(lower, name));
        TRY(hide_lower_names(inner, under, opaque || is_opaque(inner), depth + 1));
        // Last, so that a crash before leaves the directory as opaque as it was.
        TRY(drop_overlay_attributes(upper, name));
    }
    return {};
}

}  // namespace

Result<void> spell_out_opaque(const sys::Fd& upper, const sys::Fd& workspace) {
    return hide_lower_names(upper, workspace, false, 0);
}

Result<void> carry_over(const sys::Fd& upper, const sys::Fd& workspace,
                        const std::vector<Change>& changes) {
    TRY(check_whole(upper, changes));
    Copier copier({UINT64_MAX, UINT64_MAX});
    TRY(backwards(changes, [&](const Change& change) {
        return change.kind == Change::Kind::Deleted ? delete_in_workspace(workspace, change)
                                                    : Result<void>();
    }));
    TRY(backwards(changes, [&](const Change& change) {
        return change.kind == Change::Kind::Deleted ? drop_whiteout(upper, change.path)
                                                    : Result<void>();
    }));
    for (const Change& change : changes) {
        if (change.kind != Change::Kind::Deleted) {
            TRY(carry_one(upper, workspace, change, copier));
        }
    }
    // Directories get their times when nothing more is put into them.
    return backwards(changes, [&](const Change& change) -> Result<void> {
        if (change.after.type == EntryType::Directory) {
            const Spot to = TRY(spot(workspace, change.path));
            TRY(set_times(to.directory, to.name, change.after));
        }
        return {};
    });
}

namespace {

Result<void> take_back_one(const sys::Fd& upper, const sys::Fd& workspace, const Change& change) {
    auto at = spot(upper, change.path);
    if (!at.ok()) {
        return at.error().code == ErrorCode::NotFound ? Result<void>() : at.take_error();
    }
    const bool both =
        change.before.type == EntryType::Directory && change.after.type == EntryType::Directory;
    if (!both) {
        return remove_entry(at->directory, at->name);
    }
    // The directory stays for what else is in it; its own mode and attributes go back.
    const Spot original = TRY(spot(workspace, change.path));
    const sys::Fd source = TRY(open_directory_at(original.directory, original.name));
    const sys::Fd target = TRY(open_directory_at(at->directory, at->name));
    TRY(copy_attributes(source, change.before, target));
    return set_times(at->directory, at->name, change.before);
}

}  // namespace

Result<void> take_back(const sys::Fd& upper, const sys::Fd& workspace,
                       const std::vector<Change>& changes) {
    TRY(check_whole(upper, changes));
    return backwards(changes,
                     [&](const Change& change) { return take_back_one(upper, workspace, change); });
}

namespace {

/// True: the directory is empty and differs in nothing from the one below it.
Result<bool> prune(const sys::Fd& upper, const sys::Fd* lower, int depth) {
    if (depth > kTreeDepthMax) {
        return false;
    }
    bool empty = true;
    for (const std::string& name : TRY(names_in(upper))) {
        const Entry entry = TRY(entry_at(upper, name));
        const Entry below = lower == nullptr ? Entry{} : TRY(entry_at(*lower, name));
        bool gone = entry.whiteout && !below.exists();
        if (gone && ::unlinkat(upper.get(), name.c_str(), 0) != 0) {
            return failed("clearing", name);
        }
        if (entry.type == EntryType::Directory && below.type == EntryType::Directory) {
            const sys::Fd inner = TRY(open_directory_at(upper, name));
            const sys::Fd under = TRY(open_directory_at(*lower, name));
            gone = TRY(prune(inner, &under, depth + 1)) && entry.mode == below.mode &&
                   same_attributes(upper, name, *lower, name) &&
                   ::unlinkat(upper.get(), name.c_str(), AT_REMOVEDIR) == 0;
        }
        empty = empty && gone;
    }
    return empty;
}

}  // namespace

Result<void> prune_upper(const sys::Fd& upper, const sys::Fd& workspace) {
    [[maybe_unused]] const bool empty = TRY(prune(upper, &workspace, 0));
    return {};
}

namespace {

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// Directories above a path that was deleted with them and is not theirs to bring back.
Result<void> make_parents(const sys::Fd& workspace, const std::string& path) {
    for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
        const Spot above = TRY(spot(workspace, path.substr(0, at)));
        if (::mkdirat(above.directory.get(), above.name.c_str(), 0755) != 0 && errno != EEXIST) {
            return failed("making", path.substr(0, at));
        }
    }
    return {};
}

/// Spots of paths that come sorted, so mostly in the directory of the one before.
class Nearby {
public:
    explicit Nearby(const sys::Fd& root) : root_(root) {}

    /// Valid until the next call.
    Result<const Spot*> find(const std::string& path) {
        const std::string parent = parent_of(path);
        if (!known_ || parent != parent_) {
            known_ = false;
            spot_ = TRY(spot(root_, path));
            parent_ = parent;
            known_ = true;
        }
        spot_.name = path.substr(parent.empty() ? 0 : parent.size() + 1);
        return &spot_;
    }

private:
    const sys::Fd& root_;
    bool known_ = false;
    std::string parent_;
    Spot spot_;
};

Result<void> put_back_attributes(const Spot& from, const Spot& to, const Change& change) {
    if (change.before.type == EntryType::Link || change.before.type == EntryType::Other) {
        return set_times(to.directory, to.name, change.before);
    }
    const sys::Fd source(::openat(from.directory.get(), from.name.c_str(),
                                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    const sys::Fd target(::openat(to.directory.get(), to.name.c_str(),
                                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!source || !target) {
        return failed("opening", change.path);
    }
    TRY(copy_attributes(source, change.before, target));
    return set_times(to.directory, to.name, change.before);
}

Result<void> put_back_one(const Spot& from, const Spot& to, const Change& change, Copier& copier) {
    const bool directory = change.before.type == EntryType::Directory;
    const bool attributes =
        change.kind == Change::Kind::Attributes || change.kind == Change::Kind::Touched;
    const bool closed = (change.after.mode & 0400U) == 0;
    if (attributes && (directory || !closed || change.before.type == EntryType::Link)) {
        return put_back_attributes(from, to, change);
    }
    const bool in_the_way =
        change.after.exists() && (change.after.type == EntryType::Directory || directory);
    if (in_the_way && change.after.type != change.before.type) {
        TRY(remove_entry(to.directory, to.name));
    }
    if (!directory) {
        return copy_onto(from, to, copier);
    }
    if (::mkdirat(to.directory.get(), to.name.c_str(), 0700) != 0 && errno != EEXIST) {
        return failed("making", change.path);
    }
    return put_back_attributes(from, to, change);
}

/// The empty path is the top itself.
Result<Spot> spot_or_top(const sys::Fd& top, const std::string& path) {
    if (!path.empty()) {
        return spot(top, path);
    }
    Spot out;
    out.directory = TRY(sys::duplicate(top));
    out.name = ".";
    return out;
}

/// Putting names back changed the times of the directories around them.
Result<void> put_back_times(const Saved& saved, const sys::Fd& workspace,
                            const std::vector<Change>& changes) {
    std::set<std::string> directories;
    for (const Change& change : changes) {
        directories.insert(parent_of(change.path));
        if (change.before.type == EntryType::Directory) {
            directories.insert(change.path);
        }
    }
    for (const std::string& path : directories) {
        if (saved.reach == Saved::Reach::Part && path.size() <= saved.prefix) {
            continue;
        }
        const auto from = spot_or_top(saved.tree, path.substr(saved.prefix));
        const auto to = spot_or_top(workspace, path);
        if (!from.ok() || !to.ok()) {
            continue;
        }
        const Entry entry = TRY(entry_at(from->directory, from->name));
        if (entry.type == EntryType::Directory) {
            TRY(set_times(to->directory, to->name, entry));
        }
    }
    return {};
}

}  // namespace

Result<void> put_back(const Saved& saved, const sys::Fd& workspace,
                      const std::vector<Change>& changes, Copier& copier) {
    TRY(backwards(changes, [&](const Change& change) -> Result<void> {
        if (change.kind == Change::Kind::Created) {
            const Spot at = TRY(spot(workspace, change.path));
            TRY(remove_entry(at.directory, at.name));
        }
        return {};
    }));
    Nearby from(saved.tree);
    Nearby to(workspace);
    for (const Change& change : changes) {
        if (change.kind == Change::Kind::Created) {
            continue;
        }
        auto target = to.find(change.path);
        if (!target.ok() && target.error().code == ErrorCode::NotFound) {
            TRY(make_parents(workspace, change.path));
            target = to.find(change.path);
        }
        const Spot* at = TRY(std::move(target));
        const Spot* source = TRY(from.find(change.path.substr(saved.prefix)));
        TRY(put_back_one(*source, *at, change, copier));
    }
    return put_back_times(saved, workspace, changes);
}

}  // namespace countersign::jail
