#include "jail/changes.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/xattr.h>

#include "text/utf8.h"

namespace countersign::jail {
namespace {

/// A directory on one side, or nothing.
using Side = const sys::Fd*;

/// How far behind the clock a file system's stamp may be.
constexpr std::int64_t kTick_ns = 20'000'000;

/// Whether overlayfs made this file out of one that the lower directory had.
bool was_copied_up(const sys::Fd& upper, const std::string& name) {
    const sys::Fd path(::openat(upper.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    const std::string handle = "/proc/self/fd/" + std::to_string(path.get());
    return path && ::getxattr(handle.c_str(), "user.overlay.origin", nullptr, 0) >= 0;
}

class Walk {
public:
    explicit Walk(const CompareOptions& options) : options_(options) {}

    Result<void> directory(Side before, Side after, TreeShape shape, const std::string& path,
                           int depth) {
        if (depth > kTreeDepthMax) {
            return Error(ErrorCode::LimitExceeded,
                         text::visible(path) + ": directories are nested too deeply");
        }
        for (const std::string& name : TRY(names(before, after, shape))) {
            TRY(one(before, after, shape, name, path.empty() ? name : path + "/" + name, depth));
        }
        return {};
    }

    Result<void> entry(Side before, Side after, const std::string& name, const std::string& path) {
        return one(before, after, options_.shape, name, path, 0);
    }

    std::vector<Change> take() { return std::move(changes_); }

private:
    static Result<std::vector<std::string>> names(Side before, Side after, TreeShape shape) {
        std::vector<std::string> out;
        if (after != nullptr) {
            out = TRY(names_in(*after));
        }
        if (before != nullptr && (shape == TreeShape::Whole || after == nullptr)) {
            const auto others = TRY(names_in(*before));
            std::vector<std::string> both;
            std::set_union(out.begin(), out.end(), others.begin(), others.end(),
                           std::back_inserter(both));
            out = std::move(both);
        }
        return out;
    }

    Result<void> one(Side before, Side after, TreeShape shape, const std::string& name,
                     const std::string& path, int depth) {
        Change change;
        change.path = path;
        if (before != nullptr) {
            change.before = TRY(entry_at(*before, name));
        }
        if (after != nullptr) {
            change.after = TRY(entry_at(*after, name));
        }
        if (options_.shape == TreeShape::Overlay) {
            change.conflict = conflicts(change) || lost_its_origin(before, after, name, change);
        }
        if (!change.before.exists() && !change.after.exists()) {
            // Made and removed again, or removed by both.
            return {};
        }
        const bool different = TRY(differs(before, after, name, change));
        if (different) {
            TRY(add(change));
        }
        return below(before, after, shape, name, change, depth);
    }

    /// Files of ordinary directories, in which only others than the run can have written.
    [[nodiscard]] bool conflicts(const Change& change) const {
        const bool directories =
            change.before.type == EntryType::Directory && change.after.type == EntryType::Directory;
        return change.before.exists() && !directories && options_.started_ns != 0 &&
               change.before.changed_ns > options_.started_ns;
    }

    /// The run changed a file that somebody else removed meanwhile. A file that the run moved here
    /// looks the same, but then nobody has touched the names of the directory itself.
    [[nodiscard]] bool lost_its_origin(Side before, Side after, const std::string& name,
                                       const Change& change) const {
        if (before == nullptr || after == nullptr || change.before.exists() ||
            change.after.type != EntryType::File || !was_copied_up(*after, name)) {
            return false;
        }
        const auto around = entry_of(*before);
        return !around.ok() || around->changed_ns > options_.started_ns;
    }

    Result<void> add(Change change) {
        if (changes_.size() >= kChangesMax) {
            return Error(ErrorCode::LimitExceeded, "too many changes");
        }
        changes_.push_back(std::move(change));
        return {};
    }

    [[nodiscard]] bool untouched(const Change& change) const {
        return options_.shape == TreeShape::Whole && options_.started_ns != 0 &&
               change.after.changed_ns <= options_.started_ns - kTick_ns &&
               change.after.size == change.before.size &&
               change.after.modified_ns == change.before.modified_ns &&
               change.after.mode == change.before.mode;
    }

    /// Fills change.kind; false: the same on both sides.
    Result<bool> differs(Side before, Side after, const std::string& name, Change& change) const {
        if (!change.before.exists() || !change.after.exists()) {
            change.kind = change.after.exists() ? Change::Kind::Created : Change::Kind::Deleted;
            return true;
        }
        if (change.before.type == change.after.type && untouched(change)) {
            return false;
        }
        const bool directory = change.before.type == EntryType::Directory;
        change.kind = Change::Kind::Modified;
        if (change.before.type != change.after.type) {
            return true;
        }
        if (!directory && change.before.type != EntryType::Other) {
            const bool same =
                TRY(same_content(*before, name, change.before, *after, name, change.after));
            if (!same) {
                return true;
            }
        }
        const bool link = change.before.type == EntryType::Link;
        const bool attributes = link || change.before.type == EntryType::Other ||
                                same_attributes(*before, name, *after, name);
        if ((!link && change.before.mode != change.after.mode) || !attributes) {
            change.kind = Change::Kind::Attributes;
            return true;
        }
        change.kind = Change::Kind::Touched;
        return change.before.modified_ns != change.after.modified_ns;
    }

    Result<void> below(Side before, Side after, TreeShape shape, const std::string& name,
                       const Change& change, int depth) {
        sys::Fd was;
        sys::Fd is;
        if (change.before.type == EntryType::Directory) {
            was = TRY(open_directory_at(*before, name));
        }
        if (change.after.type == EntryType::Directory) {
            is = TRY(open_directory_at(*after, name));
        }
        if (!was && !is) {
            return {};
        }
        const bool whole = shape == TreeShape::Whole || (is && is_opaque(is));
        return directory(was ? &was : nullptr, is ? &is : nullptr,
                         whole ? TreeShape::Whole : TreeShape::Overlay, change.path, depth + 1);
    }

    const CompareOptions& options_;
    std::vector<Change> changes_;
};

}  // namespace

Result<std::vector<Change>> compare_trees(const sys::Fd& before, const sys::Fd& after,
                                          const CompareOptions& options) {
    Walk walk(options);
    TRY(walk.directory(&before, &after, options.shape, "", 0));
    return walk.take();
}

Result<std::vector<Change>> compare_entry(const sys::Fd* before, const sys::Fd* after,
                                          const std::string& name, const std::string& path,
                                          const CompareOptions& options) {
    Walk walk(options);
    TRY(walk.entry(before, after, name, path));
    return walk.take();
}

}  // namespace countersign::jail
