#include "approval/approvers.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/limits.h"
#include "crypto/keys.h"
#include "model/codec.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::approval {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kDocumentBytesMax = 64 * 1024;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool name_ok(std::string_view name) {
    return !name.empty() && name.size() <= kNameBytesMax &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
                      std::string_view("._@+-").find(c) != std::string_view::npos;
           });
}

}  // namespace

bool same_person(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

Result<std::unique_ptr<Approvers>> Approvers::open(store::Store& store, Clock& clock) {
    auto approvers = std::make_unique<Approvers>(Key(), store, clock);
    const auto transaction = TRY(store.begin(store::Access::Read, store::Durability::Written));
    TRY(store::for_each(*transaction, store::Collection::Approvers, {},
                        [&](const store::Document& document) -> Result<void> {
                            const auto value =
                                TRY(text::parse_json(document.value, kDocumentBytesMax));
                            model::Approver approver = TRY(model::approver_from(value));
                            approvers->by_name_.insert_or_assign(approver.name, approver);
                            return {};
                        }));
    return approvers;
}

Result<void> Approvers::save(const model::Approver& approver) {
    TRY(store::put(store_, store::Durability::Synced, store::Collection::Approvers, approver.name,
                   boost::json::serialize(model::to_json(approver)), {}));
    by_name_.insert_or_assign(approver.name, approver);
    return {};
}

Result<model::Approver> Approvers::enrol(std::string_view name, std::string_view public_key_line) {
    if (!name_ok(name)) {
        return Error(ErrorCode::InvalidArgument,
                     "an approver's name has 1 to 64 of: letters, digits, . _ @ + -");
    }
    const crypto::PublicKey key = TRY(crypto::PublicKey::from_line(public_key_line));
    const std::string line = key.line();
    for (const auto& [known, approver] : by_name_) {
        const bool same_name = same_person(known, name);
        if (same_name && (approver.active || known != name)) {
            return Error(ErrorCode::AlreadyExists, "approver " + known + " is enrolled already");
        }
        if (!same_name && approver.public_key == line) {
            return Error(ErrorCode::AlreadyExists,
                         "this key belongs to approver " + known + "; one person, one vote");
        }
    }
    if (by_name_.size() >= kApproversMax && find(name) == std::nullopt) {
        return Error(ErrorCode::LimitExceeded, "too many approvers");
    }
    model::Approver approver;
    approver.name = std::string(name);
    approver.public_key = line;
    approver.enrolled = clock_.now();
    TRY(save(approver));
    return approver;
}

Result<model::Approver> Approvers::remove(std::string_view name) {
    auto approver = find(name);
    if (!approver || !approver->active) {
        return Error(ErrorCode::NotFound, "no active approver " + text::visible(name, 80));
    }
    approver->active = false;
    // At once, whatever the store says: nobody votes after a removal.
    by_name_.insert_or_assign(approver->name, *approver);
    TRY(save(*approver));
    return *approver;
}

std::optional<model::Approver> Approvers::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<model::Approver> Approvers::list() const {
    std::vector<model::Approver> out;
    for (const auto& [name, approver] : by_name_) {
        out.push_back(approver);
    }
    return out;
}

std::size_t Approvers::active_count() const {
    return static_cast<std::size_t>(std::count_if(
        by_name_.begin(), by_name_.end(), [](const auto& entry) { return entry.second.active; }));
}

}  // namespace countersign::approval
