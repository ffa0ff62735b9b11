#include "cli/keys.h"

#include <algorithm>

#include "base/limits.h"
#include "sys/files.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

constexpr std::size_t kKeyFilesMax = 1000;

Result<crypto::SigningKey> read_private_key(const std::string& file) {
    const auto status = TRY(sys::file_status(file, sys::Links::Follow));
    if (!status) {
        return Error(ErrorCode::NotFound, "no key file " + file,
                     "countersign keys new NAME makes one");
    }
    if ((status->mode & 077U) != 0) {
        return Error(ErrorCode::PermissionDenied, "others may read the private key " + file,
                     "chmod 600 " + file + ", and think about a new key");
    }
    const std::string text = TRY(sys::read_file(file, limits::kKeyFileBytesMax));
    auto key = crypto::SigningKey::from_openssh(text);
    if (!key.ok()) {
        return key.take_error().with_context(file);
    }
    return key.take();
}

/// Names of private key files in the key directory; empty when there is no such directory.
std::vector<std::string> key_names(const std::string& directory) {
    auto names = sys::list_directory(directory, kKeyFilesMax);
    if (!names.ok()) {
        return {};
    }
    std::vector<std::string> out = names.take();
    std::erase_if(out, [](const std::string& name) { return name.ends_with(".pub"); });
    return out;
}

Result<std::string> default_signer_name(const std::string& directory, const std::string& login) {
    const std::vector<std::string> names = key_names(directory);
    if (std::find(names.begin(), names.end(), login) != names.end()) {
        return login;
    }
    if (names.size() == 1) {
        return names.front();
    }
    if (names.empty()) {
        return Error(ErrorCode::NotFound, "you have no signing key in " + directory,
                     "countersign keys new " + login + ", then countersign approver add " + login);
    }
    return Error(ErrorCode::InvalidArgument,
                 "several keys in " + directory + " and none is " + login,
                 "say which with --as NAME");
}

}  // namespace

std::string key_directory(const client::Locations& locations) {
    return locations.config_directory + "/keys";
}

Result<Signer> find_signer(World& world, const Arguments& arguments) {
    const client::Locations locations = TRY(world.locations());
    const std::string directory = key_directory(locations);
    const auto file = arguments.value("key");
    std::string name = arguments.value_or("as", "");
    if (name.empty()) {
        if (file) {
            name = world.person().name;
        } else {
            name = TRY(default_signer_name(directory, world.person().name));
        }
    }
    TRY(check_person_name(name));
    crypto::SigningKey key = TRY(read_private_key(file.value_or(directory + "/" + name)));
    return Signer{std::move(name), std::move(key)};
}

Result<std::string> create_key(World& world, const std::string& name, const std::string& file) {
    TRY(check_person_name(name));
    std::string path = file;
    if (path.empty()) {
        const client::Locations locations = TRY(world.locations());
        TRY(sys::make_private_directory(locations.config_directory));
        TRY(sys::make_private_directory(key_directory(locations)));
        path = key_directory(locations) + "/" + name;
    }
    const crypto::SigningKey key = crypto::SigningKey::generate(world.random());
    auto written = sys::write_new_file(path, key.to_openssh(name, world.random()), 0600);
    if (!written.ok()) {
        Error error = written.take_error();
        if (error.code == ErrorCode::AlreadyExists) {
            error = Error(error.code, path + " is there already",
                          "keys are never overwritten; choose another name or --key FILE");
        }
        return error;
    }
    TRY(sys::write_new_file(path + ".pub", key.public_key().line(name) + "\n", 0644));
    return path;
}

std::vector<KeyEntry> list_keys(World& world) {
    const auto locations = world.locations();
    if (!locations.ok()) {
        return {};
    }
    const std::string directory = key_directory(*locations);
    std::vector<KeyEntry> out;
    for (const std::string& name : key_names(directory)) {
        KeyEntry entry{name, "", directory + "/" + name};
        const auto key = read_private_key(entry.file);
        entry.fingerprint =
            key.ok() ? key.value().public_key().fingerprint() : "unusable: " + key.error().message;
        out.push_back(std::move(entry));
    }
    return out;
}

Result<std::string> public_line(World& world, const std::string& name,
                                const std::optional<std::string>& file) {
    std::string path;
    if (file) {
        path = *file;
    } else {
        TRY(check_person_name(name));
        const client::Locations locations = TRY(world.locations());
        path = key_directory(locations) + "/" + name + ".pub";
    }
    auto text = sys::read_file(path, limits::kKeyFileBytesMax);
    if (!text.ok()) {
        Error error = text.take_error();
        error.hint = "countersign keys new " + name + " makes a key, --public-key names another";
        return error;
    }
    auto key = crypto::PublicKey::from_line(*text);
    if (!key.ok()) {
        return key.take_error().with_context(path);
    }
    return key.value().line();
}

Result<void> check_person_name(const std::string& name) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";
    if (name.empty() || name.size() > 64 || name[0] == '.' || name[0] == '-' ||
        name.find_first_not_of(kAllowed) != std::string::npos) {
        return Error(ErrorCode::InvalidArgument, "\"" + text::visible(name, 80) + "\" is no name",
                     "letters, digits and . _ - @, at most 64");
    }
    return {};
}

}  // namespace countersign::cli
