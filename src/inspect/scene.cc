#include "inspect/scene.h"

#include <algorithm>
#include <numeric>

#include "base/limits.h"
#include "inspect/programs.h"

namespace countersign::inspect {
namespace {

const std::vector<model::Effect> kNoEffects;
const std::vector<Observation> kNoObservations;

std::string base_name(std::string_view path) {
    std::string name(path.substr(path.find_last_of('/') + 1));
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

Item item_of(const CommandView& view) {
    Item item;
    item.command = view.command;
    item.inside = view.inside;
    item.span = view.command->span;
    bool first = true;
    for (const model::Word& word : view.command->argv) {
        if (first) {
            item.name = word.value.has_value() ? base_name(*word.value) : std::string();
            first = false;
        } else {
            item.words.push_back(word.value.value_or(word.known_prefix));
        }
    }
    item.shell = is_shell(item.name);
    item.interpreter = item.shell || is_interpreter(item.name);
    item.downloader = is_downloader(item.name);
    item.connector = is_connector(item);
    item.decoder = is_decoder(item);
    return item;
}

/// The root of a union-find forest, halving the path.
std::size_t root_of(std::vector<std::size_t>& parents, std::size_t of) {
    while (parents[of] != of) {
        parents[of] = parents[parents[of]];
        of = parents[of];
    }
    return of;
}

}  // namespace

Scene::Scene(const Subject& subject) : subject_(subject) {
    if (subject.commands != nullptr) {
        for (const CommandView& view : *subject.commands) {
            static const model::ResolvedCommand kNone;
            items_.push_back(view.command == nullptr ? item_of({&kNone, "", std::nullopt, false})
                                                     : item_of(view));
        }
    }
    feeds_.resize(items_.size());
    pipeline_.resize(items_.size());
    std::iota(pipeline_.begin(), pipeline_.end(), std::size_t{0});
    for (std::size_t i = 0; i < items_.size(); ++i) {
        const std::optional<std::size_t> to = items_[i].command->pipes_to;
        if (to.has_value() && *to < items_.size() && *to != i) {
            feeds_[*to].push_back(i);
            pipeline_[root_of(pipeline_, i)] = root_of(pipeline_, *to);
        }
        if (items_[i].inside.has_value() && *items_[i].inside < i) {
            pipeline_[root_of(pipeline_, i)] = root_of(pipeline_, *items_[i].inside);
        }
        if (items_[i].command->substitution) {
            substitutions_.push_back(i);
        }
    }
    for (std::size_t i = 0; i < items_.size(); ++i) {
        pipeline_[i] = root_of(pipeline_, i);
    }
    std::sort(substitutions_.begin(), substitutions_.end(), [&](std::size_t a, std::size_t b) {
        return items_[a].span.begin < items_[b].span.begin;
    });
}

const std::vector<model::Effect>& Scene::effects() const {
    return subject_.effects == nullptr ? kNoEffects : *subject_.effects;
}

const std::vector<Observation>& Scene::observations() const {
    return subject_.observations == nullptr ? kNoObservations : *subject_.observations;
}

void Scene::add_upstream(std::size_t to, std::vector<std::size_t>& out) const {
    if (feeds_[to].empty() && !items_[to].inside.has_value()) {
        return;
    }
    std::vector<std::size_t> next = {to};
    std::vector<bool> seen(items_.size(), false);
    seen[to] = true;
    while (!next.empty()) {
        const std::size_t at = next.back();
        next.pop_back();
        // What feeds a wrapper feeds the command that it runs.
        if (items_[at].inside.has_value() && *items_[at].inside < items_.size() &&
            !seen[*items_[at].inside]) {
            seen[*items_[at].inside] = true;
            next.push_back(*items_[at].inside);
        }
        for (const std::size_t from : feeds_[at]) {
            if (!seen[from]) {
                seen[from] = true;
                out.push_back(from);
                next.push_back(from);
            }
        }
    }
}

std::vector<std::size_t> Scene::upstream(std::size_t to) const {
    std::vector<std::size_t> out;
    add_upstream(to, out);
    return out;
}

std::vector<std::size_t> Scene::substituted(std::size_t in) const {
    std::vector<std::size_t> out;
    const model::Span span = items_[in].span;
    const auto first = std::lower_bound(
        substitutions_.begin(), substitutions_.end(), span.begin,
        [&](std::size_t i, std::uint32_t begin) { return items_[i].span.begin < begin; });
    for (auto it = first; it != substitutions_.end() && items_[*it].span.begin < span.end; ++it) {
        const bool within =
            items_[*it].span.end <= span.end && *it != in && !(items_[*it].span == span);
        if (within) {
            out.push_back(*it);
            add_upstream(*it, out);
        }
    }
    return out;
}

std::vector<std::size_t> Scene::sources(std::size_t of) const {
    std::vector<std::size_t> out = upstream(of);
    const std::vector<std::size_t> inner = substituted(of);
    out.insert(out.end(), inner.begin(), inner.end());
    return out;
}

bool Scene::one_pipeline(std::size_t a, std::size_t b) const {
    return pipeline_[a] == pipeline_[b];
}

void Sink::add(std::string_view kind, model::Severity severity, model::Span span, std::string why) {
    if (full_) {
        return;
    }
    if (findings_.size() + 1 >= limits::kFindingsMax) {
        full_ = true;
        findings_.push_back(
            {"more_findings", model::Severity::High, span, "more was found than can be listed"});
        return;
    }
    model::Finding finding{std::string(kind), severity, span, std::move(why)};
    if (std::find(findings_.begin(), findings_.end(), finding) == findings_.end()) {
        findings_.push_back(std::move(finding));
    }
}

bool has_word(const Item& item, std::string_view word) {
    return std::find(item.words.begin(), item.words.end(), word) != item.words.end();
}

bool has_word_prefix(const Item& item, std::string_view prefix) {
    return std::any_of(item.words.begin(), item.words.end(),
                       [&](const std::string& word) { return word.starts_with(prefix); });
}

bool has_short_option(const Item& item, char letter) {
    return std::any_of(item.words.begin(), item.words.end(), [&](const std::string& word) {
        return word.size() > 1 && word[0] == '-' && word[1] != '-' &&
               word.find(letter, 1) != std::string::npos;
    });
}

std::string joined(const Item& item) {
    std::string text;
    for (const std::string& word : item.words) {
        text += text.empty() ? "" : " ";
        text += word;
    }
    return text;
}

}  // namespace countersign::inspect
