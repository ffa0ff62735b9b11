#include "catalogue/table.h"

#include <algorithm>
#include <span>

#include "text/glob.h"

namespace countersign::catalogue::table {

namespace {

template <class T>
std::span<const T> slice(const T* array, Range range) {
    return {array + range.begin, range.count};
}

std::span<const Spelling> spellings_of(const Form& form) {
    return slice(kTables.spellings, form.spellings);
}

const Spelling* lower_bound(std::span<const Spelling> all, std::string_view name) {
    return std::lower_bound(all.data(), all.data() + all.size(), name,
                            [](const Spelling& entry, std::string_view wanted) {
                                return text_of(entry.name) < wanted;
                            });
}

FoundOption find_abbreviated(std::span<const Spelling> all, std::string_view prefix) {
    FoundOption found;
    const Spelling* end = all.data() + all.size();
    for (const Spelling* at = lower_bound(all, prefix);
         at != end && text_of(at->name).starts_with(prefix); ++at) {
        const Option* option = kTables.options + at->option;
        if (found.option != nullptr && found.option != option) {
            found.ambiguous = true;
        }
        found.option = option;
        found.sets |= option->sets;
    }
    return found;
}

}  // namespace

const Form* find_program(std::string_view name) {
    const std::uint32_t bucket = hash_name(name, 0) & (kTables.bucket_count - 1);
    const std::uint32_t slot =
        hash_name(name, kTables.displacements[bucket]) & (kTables.slot_count - 1);
    const Program& program = kTables.slots[slot];
    if (program.name.empty() || text_of(program.name) != name) {
        return nullptr;
    }
    return kTables.forms + program.form;
}

const Form* find_sub(const Form& form, std::string_view word) {
    const Form* begin = kTables.forms + form.subs.begin;
    const Form* exact_end = begin + form.exact_subs;
    const Form* at = std::lower_bound(
        begin, exact_end, word,
        [](const Form& entry, std::string_view wanted) { return text_of(entry.name) < wanted; });
    if (at != exact_end && text_of(at->name) == word) {
        return at;
    }
    for (at = exact_end; at != begin + form.subs.count; ++at) {
        if (text::glob_match(text_of(at->name), word, text::GlobStars::CrossSlash)) {
            return at;
        }
    }
    return nullptr;
}

FoundOption find_option(const Form& form, std::string_view spelling, Abbreviation abbreviation) {
    for (const Form* at = &form;; at = kTables.forms + at->parent) {
        const auto all = spellings_of(*at);
        const Spelling* hit = lower_bound(all, spelling);
        if (hit != all.data() + all.size() && text_of(hit->name) == spelling) {
            return {kTables.options + hit->option, false};
        }
        if (abbreviation == Abbreviation::Allowed && spelling.size() > 2) {
            const FoundOption found = find_abbreviated(all, spelling);
            if (found.option != nullptr) {
                return found;
            }
        }
        if (at == kTables.forms + at->parent) {
            return {};
        }
    }
}

}  // namespace countersign::catalogue::table
