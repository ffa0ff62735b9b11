#include "jail/stage.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "jail/settle.h"
#include "model/names.h"
#include "text/json.h"
#include "text/number.h"
#include "text/utf8.h"

namespace countersign::jail {
namespace {

namespace json = boost::json;

constexpr std::string_view kStages = "stages";
constexpr std::size_t kStagesMax = 100'000;
constexpr std::size_t kSlotsMax = 100'000;

Result<void> check_session(const std::string& session) {
    const bool plain = std::all_of(session.begin(), session.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!plain || session.empty() || session.size() > limits::kNameBytesMax) {
        return Error(ErrorCode::InvalidArgument, text::visible(session) + ": no session id");
    }
    return {};
}

std::string document_of(const StageInfo& info) {
    return json::serialize(
               json::object{{"version", 1},
                            {"session", info.session},
                            {"workspace", info.workspace},
                            {"kind", kStageKindNames[static_cast<std::size_t>(info.kind)]},
                            {"started_ns", info.started_ns}}) +
           "\n";
}

Result<StageInfo> info_from(const std::string& document) {
    const json::value value = TRY(text::parse_json(document, limits::kConfigBytesMax));
    text::ObjectReader in(value, "stage");
    StageInfo info;
    if (in.integer("version", 1, 1) != 1) {
        in.fail("version", "is not known");
    }
    info.session = in.string("session", limits::kNameBytesMax);
    info.workspace = in.string("workspace", limits::kPathBytesMax);
    const std::string kind = in.string("kind", limits::kNameBytesMax);
    const auto known = model::value_in<StageKind>(kStageKindNames, kind);
    info.kind = known.value_or(StageKind::Snapshot);
    if (!known) {
        in.fail("kind", "is not known");
    }
    info.started_ns = in.integer("started_ns", 0, INT64_MAX);
    TRY(in.finish());
    return info;
}

bool is_below(std::string_view path, std::string_view parent) {
    return parent.empty() || path == parent ||
           (path.starts_with(parent) && path.size() > parent.size() && path[parent.size()] == '/');
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

}  // namespace

bool is_chosen(const Change& change, const Stage::Paths& paths) {
    return paths.empty() || std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
               return is_below(change.path, path);
           });
}

Stage::Stage(StageInfo info, std::string path, sys::Fd directory, sys::Fd workspace)
    : info_(std::move(info)),
      path_(std::move(path)),
      directory_(std::move(directory)),
      workspace_(std::move(workspace)),
      lock_(std::make_unique<Shared>()) {}

Result<Stage> Stage::create(const std::string& state_directory, const StageInfo& wanted) {
    TRY(check_session(wanted.session));
    if (text::invalid_utf8_at(wanted.workspace)) {
        return Error(ErrorCode::InvalidArgument, "a staged workspace's path must be UTF-8");
    }
    StageInfo info = wanted;
    info.workspace = TRY(sys::real_path(wanted.workspace));
    const std::string above = state_directory + "/" + std::string(kStages);
    TRY(sys::make_private_directory(above));
    const std::string path = above + "/" + info.session;
    if (::mkdir(path.c_str(), 0700) != 0) {
        return sys::system_error(path);
    }
    TRY(sys::make_private_directory(path + "/upper"));
    TRY(sys::make_private_directory(path + "/work"));
    TRY(sys::make_private_directory(path + "/saved"));
    sys::Fd workspace = TRY(sys::open_directory(info.workspace));
    if (info.kind == StageKind::Overlay) {
        // The top of the overlay shows the mode of its upper directory.
        const sys::Fd upper = TRY(sys::open_directory(path + "/upper"));
        const Entry top = TRY(entry_of(workspace));
        TRY(copy_attributes(workspace, top, upper));
    }
    auto held = TRY(sys::FileLock::acquire(path + "/lock", sys::FileLock::Wait::Try));
    if (!held) {
        return Error(ErrorCode::Conflict, path + ": in use");
    }
    info.started_ns = stamp_now();
    TRY(sys::write_file_atomic(path + "/stage.json", document_of(info)));
    sys::Fd directory = TRY(sys::open_directory(path));
    Stage stage(std::move(info), path, std::move(directory), std::move(workspace));
    stage.held_ = std::move(held);
    return stage;
}

Result<Stage> Stage::open(const std::string& state_directory, const std::string& session,
                          Access access) {
    TRY(check_session(session));
    const std::string path = state_directory + "/" + std::string(kStages) + "/" + session;
    auto document = sys::read_file(path + "/stage.json", limits::kConfigBytesMax);
    if (!document.ok()) {
        return document.error().code == ErrorCode::NotFound
                   ? Error(ErrorCode::NotFound, session + ": nothing of it is staged",
                           "countersign changes lists what is")
                   : document.take_error();
    }
    StageInfo info = TRY(info_from(document.value()));
    std::optional<sys::FileLock> held;
    if (access == Access::Change) {
        held = TRY(sys::FileLock::acquire(path + "/lock", sys::FileLock::Wait::Try));
        if (!held) {
            return Error(ErrorCode::Conflict, session + " still runs", "end it first");
        }
    }
    sys::Fd directory = TRY(sys::open_directory(path));
    sys::Fd workspace = TRY(sys::open_directory(info.workspace));
    Stage stage(std::move(info), path, std::move(directory), std::move(workspace));
    stage.held_ = std::move(held);
    TRY(stage.load_slots());
    return stage;
}

Result<std::vector<std::string>> Stage::list(const std::string& state_directory) {
    auto names = sys::list_directory(state_directory + "/" + std::string(kStages), kStagesMax);
    if (!names.ok() && names.error().code == ErrorCode::NotFound) {
        return std::vector<std::string>();
    }
    return names;
}

Result<void> Stage::load_slots() {
    for (const std::string& number : TRY(sys::list_directory(path_ + "/saved", kSlotsMax))) {
        if (!text::parse_integer(number, 0, INT64_MAX)) {
            // Half-made when the supervisor was killed; its path was not changed yet.
            continue;
        }
        std::string path =
            TRY(sys::read_file(path_ + "/saved/" + number + "/path", limits::kPathBytesMax));
        const MutexLock guard(lock_->lock);
        lock_->saved.emplace(std::move(path), number);
    }
    return {};
}

std::vector<Stage::Slot> Stage::slots() const {
    std::vector<Slot> out;
    const MutexLock guard(lock_->lock);
    for (const auto& [path, number] : lock_->saved) {
        out.push_back({number, path});
    }
    return out;
}

namespace {

/// Whether `path` or something above it is there.
bool is_covered(const std::map<std::string, std::string>& saved, const std::string& path) {
    for (std::string above = path; !above.empty(); above = parent_of(above)) {
        if (saved.contains(above)) {
            return true;
        }
    }
    return saved.contains("");
}

Budget smaller(const Budget& a, const Budget& b) {
    return {std::min(a.bytes, b.bytes), std::min(a.entries, b.entries)};
}

}  // namespace

Result<void> Stage::save(const std::string& path, const Budget& most) {
    const MutexLock guard(lock_->lock);
    if (is_covered(lock_->saved, path)) {
        return {};
    }
    if (lock_->saved.size() >= kSlotsMax) {
        return Error(ErrorCode::LimitExceeded, "too many paths are saved");
    }
    const std::string number = std::to_string(lock_->saved.size());
    TRY(save_new(path, number, lock_->left, most));
    lock_->saved.emplace(path, number);
    return {};
}

Result<void> Stage::copy_into(const sys::Fd& slot, const std::string& path, Copier& copier) const {
    if (path.empty()) {
        TRY(check_fits(workspace_, ".", copier.left()));
        return copier.copy(workspace_, ".", slot, "tree");
    }
    std::string name;
    const auto parent = open_parent(workspace_, path, name);
    if (::mkdirat(slot.get(), "tree", 0700) != 0) {
        return sys::system_error("saving");
    }
    if (!parent.ok()) {
        return {};
    }
    const sys::Fd tree = TRY(open_directory_at(slot, "tree"));
    TRY(check_fits(*parent, name, copier.left()));
    return copier.copy(*parent, name, tree, name);
}

Result<void> Stage::save_new(const std::string& path, const std::string& number, Budget& left,
                             const Budget& most) const {
    const sys::Fd saved = TRY(open_directory_at(directory_, "saved"));
    const std::string fresh = "new-" + number;
    TRY(remove_entry(saved, fresh));
    if (::mkdirat(saved.get(), fresh.c_str(), 0700) != 0) {
        return sys::system_error("saving");
    }
    const Budget allowed = smaller(left, most);
    Copier copier(allowed);
    const auto copied = [&]() -> Result<void> {
        const sys::Fd slot = TRY(open_directory_at(saved, fresh));
        TRY(copy_into(slot, path, copier));
        return sys::write_new_file(path_ + "/saved/" + fresh + "/path", path);
    }();
    if (!copied.ok()) {
        [[maybe_unused]] const auto removed = remove_entry(saved, fresh);
        return copied.error();
    }
    if (::renameat(saved.get(), fresh.c_str(), saved.get(), number.c_str()) != 0) {
        return sys::system_error("saving");
    }
    left.bytes -= allowed.bytes - copier.left().bytes;
    left.entries -= allowed.entries - copier.left().entries;
    return {};
}

void Stage::note_unsaved(const Unsaved& note) {
    const MutexLock guard(lock_->lock);
    if (lock_->notes < kUnsavedMax) {
        ++lock_->notes;
        // Without the note the changes themselves are still listed for what was saved.
        [[maybe_unused]] const auto written = append_unsaved(path_, note);
    }
}

Result<void> Stage::retire_snapshots(const std::string& state_directory, std::size_t left) {
    std::vector<std::pair<std::int64_t, std::string>> ended;
    for (const std::string& session : TRY(list(state_directory))) {
        const auto stage = open(state_directory, session, Access::Look);
        if (stage.ok() && stage->info().kind == StageKind::Snapshot) {
            ended.emplace_back(stage->info().started_ns, session);
        }
    }
    std::sort(ended.begin(), ended.end());
    for (std::size_t i = 0; i + left < ended.size(); ++i) {
        auto stage = open(state_directory, ended[i].second, Access::Change);
        if (stage.ok()) {
            TRY(stage->remove());
        }
    }
    return {};
}

Result<sys::Fd> Stage::open_upper() const {
    if (::mkdirat(directory_.get(), "upper", 0700) != 0 && errno != EEXIST) {
        return sys::system_error(upper());
    }
    return open_directory_at(directory_, "upper");
}

namespace {

/// Whoever changed something after the run's end was not the run. What is gone has no time of its
/// own; its directory's stands for it.
Result<void> mark_conflicts(const sys::Fd& workspace, std::int64_t ended_ns,
                            std::vector<Change>& changes) {
    for (Change& change : changes) {
        std::int64_t changed_ns = change.after.changed_ns;
        if (!change.after.exists()) {
            std::string name;
            const auto parent = open_parent(workspace, change.path, name);
            if (parent.ok()) {
                const Entry directory = TRY(entry_of(*parent));
                changed_ns = directory.changed_ns;
            }
        }
        change.conflict = changed_ns > ended_ns;
    }
    return {};
}

}  // namespace

Result<std::vector<Change>> Stage::slot_changes(const Slot& slot) const {
    const sys::Fd saved = TRY(open_directory_at(directory_, "saved"));
    const sys::Fd in_slot = TRY(open_directory_at(saved, slot.number));
    const sys::Fd tree = TRY(open_directory_at(in_slot, "tree"));
    const CompareOptions options{TreeShape::Whole, info_.started_ns};
    std::vector<Change> changes;
    if (slot.path.empty()) {
        changes = TRY(compare_trees(tree, workspace_, options));
    } else {
        std::string name;
        const auto parent = open_parent(workspace_, slot.path, name);
        changes = TRY(compare_entry(&tree, parent.ok() ? &parent.value() : nullptr, name, slot.path,
                                    options));
    }
    const auto ended = TRY(read_ended(path_));
    if (ended) {
        TRY(mark_conflicts(workspace_, *ended, changes));
    }
    // What was saved before as a part of this is older there, and that is what counts.
    for (const Slot& other : slots()) {
        if (other.path != slot.path && is_below(other.path, slot.path)) {
            std::erase_if(changes,
                          [&](const Change& change) { return is_below(change.path, other.path); });
        }
    }
    return changes;
}

Result<std::vector<Change>> Stage::changes() const {
    if (info_.kind == StageKind::Overlay) {
        const sys::Fd upper_directory = TRY(open_upper());
        return compare_trees(workspace_, upper_directory, {TreeShape::Overlay, info_.started_ns});
    }
    std::vector<Change> out;
    for (const Slot& slot : slots()) {
        std::vector<Change> some = TRY(slot_changes(slot));
        std::move(some.begin(), some.end(), std::back_inserter(out));
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Change& a, const Change& b) { return a.path < b.path; });
    return out;
}

namespace {

void choose(std::vector<Change>& changes, const Stage::Paths& paths) {
    std::erase_if(changes, [&](const Change& change) { return !is_chosen(change, paths); });
}

/// A directory in which something stays cannot go either.
void drop_conflicts(std::vector<Change>& changes) {
    std::set<std::string> held;
    for (const Change& change : changes) {
        for (std::string path = change.conflict ? change.path : ""; !path.empty();
             path = parent_of(path)) {
            held.insert(path);
        }
    }
    std::erase_if(changes, [&](const Change& change) {
        const bool goes =
            change.before.type == EntryType::Directory && change.after.type != EntryType::Directory;
        return change.conflict || (goes && held.contains(change.path));
    });
}

Result<void> check_any(const std::vector<Change>& chosen, const Stage::Paths& paths) {
    if (chosen.empty() && !paths.empty()) {
        return Error(ErrorCode::NotFound,
                     text::visible(paths.front()) + ": nothing of it was changed");
    }
    return {};
}

}  // namespace

Result<std::vector<Change>> Stage::keep(const Paths& paths, const Paths& except) {
    if (info_.kind == StageKind::Snapshot) {
        if (!paths.empty()) {
            return Error(ErrorCode::InvalidArgument,
                         "this run wrote into the workspace itself: nothing needs keeping by path");
        }
        std::vector<Change> all = TRY(changes());
        TRY(remove_entry(directory_, "saved"));
        const MutexLock guard(lock_->lock);
        lock_->saved.clear();
        return all;
    }
    const sys::Fd upper_directory = TRY(open_upper());
    TRY(spell_out_opaque(upper_directory, workspace_));
    std::vector<Change> chosen = TRY(changes());
    choose(chosen, paths);
    TRY(check_any(chosen, paths));
    const std::set<std::string> refused(except.begin(), except.end());
    for (Change& change : chosen) {
        change.conflict = change.conflict || refused.contains(change.path);
    }
    drop_conflicts(chosen);
    TRY(carry_over(upper_directory, workspace_, chosen));
    TRY(prune_upper(upper_directory, workspace_));
    return chosen;
}

Result<std::vector<Change>> Stage::undo(const Paths& paths, std::vector<Change>* left) {
    return info_.kind == StageKind::Snapshot ? undo_snapshot(paths, left) : undo_overlay(paths);
}

Result<std::vector<Change>> Stage::undo_overlay(const Paths& paths) {
    const sys::Fd upper_directory = TRY(open_upper());
    if (paths.empty()) {
        std::vector<Change> all = TRY(changes());
        const std::string gone = "undone-" + std::to_string(::getpid());
        if (::renameat(directory_.get(), "upper", directory_.get(), gone.c_str()) != 0) {
            return sys::system_error("undoing");
        }
        TRY(open_upper());
        TRY(remove_entry(directory_, gone));
        return all;
    }
    TRY(spell_out_opaque(upper_directory, workspace_));
    std::vector<Change> chosen = TRY(changes());
    choose(chosen, paths);
    TRY(check_any(chosen, paths));
    TRY(take_back(upper_directory, workspace_, chosen));
    TRY(prune_upper(upper_directory, workspace_));
    return chosen;
}

Result<void> Stage::undo_slot(const Slot& slot, const std::vector<Change>& changes) const {
    const sys::Fd saved = TRY(open_directory_at(directory_, "saved"));
    const sys::Fd in_slot = TRY(open_directory_at(saved, slot.number));
    const sys::Fd tree = TRY(open_directory_at(in_slot, "tree"));
    const std::string parent = parent_of(slot.path);
    Copier copier({UINT64_MAX, UINT64_MAX});
    const Saved from{tree, parent.empty() ? 0 : parent.size() + 1,
                     slot.path.empty() ? Saved::Reach::Whole : Saved::Reach::Part};
    return put_back(from, workspace_, changes, copier);
}

Result<std::vector<Change>> Stage::undo_snapshot(const Paths& paths, std::vector<Change>* left) {
    std::vector<Change> done;
    for (const Slot& slot : slots()) {
        std::vector<Change> chosen = TRY(slot_changes(slot));
        choose(chosen, paths);
        if (paths.empty()) {
            if (left != nullptr) {
                std::copy_if(chosen.begin(), chosen.end(), std::back_inserter(*left),
                             [](const Change& change) { return change.conflict; });
            }
            drop_conflicts(chosen);
        }
        TRY(undo_slot(slot, chosen));
        std::move(chosen.begin(), chosen.end(), std::back_inserter(done));
    }
    TRY(check_any(done, paths));
    return done;
}

Result<sys::Fd> Stage::place_of(const Change& change, Moment moment, std::string& name) const {
    if (info_.kind == StageKind::Overlay && moment == Moment::After) {
        const sys::Fd upper_directory = TRY(open_upper());
        return open_parent(upper_directory, change.path, name);
    }
    if (info_.kind == StageKind::Overlay || moment == Moment::After) {
        return open_parent(workspace_, change.path, name);
    }
    const sys::Fd saved = TRY(open_directory_at(directory_, "saved"));
    // The longest path that was saved on its own is the oldest.
    const std::vector<Slot> all = slots();
    const auto slot = std::find_if(all.rbegin(), all.rend(), [&](const Slot& candidate) {
        return is_below(change.path, candidate.path);
    });
    if (slot == all.rend()) {
        return Error(ErrorCode::NotFound, text::visible(change.path) + ": was not saved");
    }
    const sys::Fd in_slot = TRY(open_directory_at(saved, slot->number));
    const sys::Fd tree = TRY(open_directory_at(in_slot, "tree"));
    const std::string parent = parent_of(slot->path);
    return open_parent(tree, change.path.substr(parent.empty() ? 0 : parent.size() + 1), name);
}

Result<std::optional<std::string>> Stage::content(const Change& change, Moment moment) const {
    const Entry& entry = moment == Moment::Before ? change.before : change.after;
    if (entry.type != EntryType::File && entry.type != EntryType::Link) {
        return std::optional<std::string>();
    }
    std::string name;
    const sys::Fd directory = TRY(place_of(change, moment, name));
    if (entry.type == EntryType::Link) {
        std::string target = TRY(link_target(directory, name));
        return std::optional(std::move(target));
    }
    const sys::Fd file(
        ::openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) {
        return sys::system_error(text::visible(change.path));
    }
    std::string bytes = TRY(sys::read_to_end(file, kShownBytesMax));
    return std::optional(std::move(bytes));
}

Result<void> Stage::remove_if_empty() {
    const std::vector<Change> left = TRY(changes());
    const bool visible = std::any_of(left.begin(), left.end(), [](const Change& change) {
        return change.kind != Change::Kind::Touched;
    });
    if (visible) {
        return {};
    }
    return remove();
}

Result<void> Stage::remove() {
    const sys::Fd above = TRY(open_directory_at(directory_, ".."));
    return remove_entry(above, info_.session);
}

}  // namespace countersign::jail
