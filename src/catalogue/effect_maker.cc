#include <algorithm>
#include <array>

#include "catalogue/effects.h"
#include "catalogue/hosts.h"

namespace countersign::catalogue {

namespace {

using model::Effect;
using model::EffectKind;

bool is_change(EffectKind kind) {
    return kind == EffectKind::Write || kind == EffectKind::Create || kind == EffectKind::Delete ||
           kind == EffectKind::Rename || kind == EffectKind::Chmod;
}

bool puts_content(EffectKind kind) {
    return kind == EffectKind::Write || kind == EffectKind::Create || kind == EffectKind::Rename;
}

bool is_hook(std::string_view path) {
    return path.find("/hooks/") != std::string_view::npos || path.ends_with("/hooks") ||
           path.find("/.husky/") != std::string_view::npos ||
           path.find("/.githooks/") != std::string_view::npos;
}

/// What an effect on this class of path is really about.
EffectKind kind_in(model::Place place, EffectKind kind, std::string_view path) {
    if (kind == EffectKind::Read && place == model::Place::Secret) {
        return EffectKind::SecretRead;
    }
    if (puts_content(kind)) {
        const bool runs_later = place == model::Place::Startup || place == model::Place::Schedule ||
                                (place == model::Place::VersionControl && is_hook(path));
        return runs_later ? EffectKind::Persist : kind;
    }
    return kind;
}

}  // namespace

Text text_from(const model::Word& word, std::size_t offset) {
    Text text;
    text.glob = word.glob;
    if (word.value.has_value()) {
        text.value = std::string_view(*word.value).substr(std::min(offset, word.value->size()));
    } else if (offset < word.known_prefix.size()) {
        text.prefix = std::string_view(word.known_prefix).substr(offset);
    } else if (offset == 0) {
        text.given = given_path(word);
    }
    return text;
}

bool is_part_of_path(std::string_view before, std::string_view behind) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '/' || c == '-';
    };
    return !before.starts_with('-') && std::all_of(before.begin(), before.end(), plain) &&
           std::all_of(behind.begin(), behind.end(), plain);
}

void EffectMaker::on_path(Effect effect, const Text& path, const std::optional<std::string>& base) {
    effect.place = model::Place::Unknown;
    if (!path.value.has_value() && !path.given.empty()) {
        effect.place = class_of_path(path.given, place_);
        effect.target = path.given;
    }
    if (path.value.has_value()) {
        if (path.value->empty() || *path.value == "-") {
            return;
        }
        Place where = place_;
        where.directory = base;
        if (auto resolved = resolve_path(*path.value, where)) {
            effect.place = class_of_path(*resolved, place_);
            effect.target = std::move(*resolved);
        } else {
            effect.detail += effect.detail.empty() ? "" : "; ";
            effect.detail +=
                "below an unknown directory: " + std::string(path.value->substr(0, 80));
        }
        if (effect.place == model::Place::None && effect.kind == EffectKind::Execute) {
            // bash /dev/stdin, python /dev/fd/63: what comes out of there is not known.
            effect.place = model::Place::Unknown;
            effect.detail = "runs what it reads from " + effect.target;
        }
        if (effect.place == model::Place::None) {
            return;
        }
        effect.recursive = effect.recursive || path.glob;
        effect.kind = kind_in(effect.place, effect.kind, effect.target);
    }
    if (place_.staged && effect.place == model::Place::Workspace && is_change(effect.kind)) {
        effect.reversible = true;
    }
    add(std::move(effect));
}

void EffectMaker::on_host(Effect effect, const Text& destination) {
    const auto found = destination.value ? destination_of(*destination.value, Extent::Whole)
                                         : destination_of(destination.prefix, Extent::Beginning);
    effect.place = model::Place::Unknown;
    if (found) {
        effect.place = class_of_host(found->host);
        effect.target = found->text();
    }
    add(std::move(effect));
}

void EffectMaker::on_name(Effect effect, model::Place where, const Text& name) {
    effect.place = name.value.has_value() ? where : model::Place::Unknown;
    effect.target = std::string(name.value.value_or(""));
    add(std::move(effect));
}

void apply_redirection(const model::Redirection& redirection, EffectMaker& maker) {
    using Kind = model::Redirection::Kind;
    if (redirection.kind == Kind::HereText || redirection.kind == Kind::Duplicate ||
        redirection.kind == Kind::Close) {
        return;
    }
    const Text target = text_from(redirection.target, 0);
    Effect effect;
    effect.span = redirection.span;
    // bash(1), REDIRECTION: /dev/tcp/HOST/PORT and /dev/udp/HOST/PORT open a socket.
    const std::string_view text = target.value.value_or(target.prefix);
    for (const std::string_view net : {"/dev/tcp/", "/dev/udp/"}) {
        if (text.starts_with(net)) {
            effect.kind = EffectKind::Connect;
            effect.detail = "a shell redirection opens a socket";
            const std::string_view rest = text.substr(net.size());
            const std::size_t slash = rest.find('/');
            const bool whole = target.value.has_value() || slash != std::string_view::npos;
            const Text host{whole ? std::optional(rest.substr(0, slash)) : std::nullopt, {}, false};
            maker.on_host(std::move(effect), host);
            return;
        }
    }
    if (redirection.kind == Kind::Read || redirection.kind == Kind::ReadWrite) {
        Effect read = effect;
        read.kind = EffectKind::Read;
        maker.on_path(std::move(read), target, maker.place().directory);
    }
    if (redirection.kind != Kind::Read) {
        effect.kind = EffectKind::Write;
        effect.reversible = redirection.kind == Kind::Append && maker.place().staged;
        maker.on_path(std::move(effect), target, maker.place().directory);
    }
}

}  // namespace countersign::catalogue
