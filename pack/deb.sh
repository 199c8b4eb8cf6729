#!/bin/sh
# Makes build/postlude_VERSION_ARCH.deb of the program that build/ holds, the very one that was tested.
set -eu
cd "$(dirname "$0")/.."

version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" meson.build)
arch=$(dpkg --print-architecture)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
root=$stage/root
install -d -m 755 "$root"

install -D -s -m 755 build/postlude "$root/usr/bin/postlude"
install -D -m 644 pack/postlude.service "$root/lib/systemd/system/postlude.service"
install -D -m 640 pack/postlude.ini "$root/etc/postlude/postlude.ini"
for page in README.md CHANGES.md SECURITY.md; do
    [ ! -f $page ] || install -D -m 644 $page "$root/usr/share/doc/postlude/$page"
done
cat >"$stage/copyright" <<TEXT
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: postlude

Files: *
Copyright: the authors of Postlude
License: Apache-2.0
 On Debian systems, the whole text is in /usr/share/common-licenses/Apache-2.0.
TEXT
install -D -m 644 "$stage/copyright" "$root/usr/share/doc/postlude/copyright"

# dpkg-shlibdeps knows which package, from which version on, has the libraries that it is linked to.
install -d "$stage/debian"
printf 'Source: postlude\n\nPackage: postlude\nArchitecture: any\n' >"$stage/debian/control"
depends=$(cd "$stage" && dpkg-shlibdeps -O root/usr/bin/postlude 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo 'deb.sh: found no libraries to depend on' >&2; exit 1; }

install -d -m 755 "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<TEXT
Package: postlude
Version: $version
Architecture: $arch
Maintainer: the authors of Postlude <postlude@localhost>
Installed-Size: $(du -sk "$root" | cut -f1)
Depends: $depends, ca-certificates, tzdata, passwd
Section: web
Priority: optional
Description: everything after checkout, in one program
 Order mails, the customer's page of the order, and every row says which row
 caused it. One binary with its database inside.
TEXT
echo /etc/postlude/postlude.ini >"$root/DEBIAN/conffiles"
cp pack/postinst pack/prerm "$root/DEBIAN/"
chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm"

dpkg-deb --root-owner-group --build "$root" "build/postlude_${version}_$arch.deb"
