# ca.bash - a certificate authority for one test: `ca NAME` makes NAME.pem and
# NAME.key in the current folder, `issue` certificates signed by it.  No name
# and no key of it is known to anything outside the test.

CURVE=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

# ca NAME [ISSUER]: a CA, of its own or signed by another one.
ca() {
	printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n' \
	    >"$1.ext"
	openssl req "${CURVE[@]}" -keyout "$1.key" -out "$1.csr" \
	    -subj "/CN=$1" 2>/dev/null
	if [[ -n ${2-} ]]; then
		openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" \
		    -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem" \
		    2>/dev/null
	else
		openssl x509 -req -in "$1.csr" -signkey "$1.key" -days 2 \
		    -extfile "$1.ext" -out "$1.pem" 2>/dev/null
	fi
}

# issue NAME CA SAN [FIRST LAST]: a certificate for these names; FIRST and
# LAST are the ends of its time, as 20240101000000Z.
issue() {
	local time=(-days 2)

	openssl req "${CURVE[@]}" -keyout "$1.key" -out "$1.csr" \
	    -subj "/CN=$1" 2>/dev/null
	printf 'subjectAltName=%s\n' "$3" >"$1.ext"
	if [[ -z ${4-} ]]; then
		openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" \
		    -CAcreateserial "${time[@]}" -extfile "$1.ext" \
		    -out "$1.pem" 2>/dev/null
		return
	fi
	# only `openssl ca` takes times that have passed
	: >index.txt
	cat >ca.cnf <<-END
	[ca]
	default_ca = d
	[d]
	new_certs_dir = .
	database = index.txt
	default_md = sha256
	policy = p
	rand_serial = yes
	unique_subject = no
	[p]
	commonName = supplied
	END
	openssl ca -batch -config ca.cnf -cert "$2.pem" -keyfile "$2.key" \
	    -in "$1.csr" -startdate "$4" -enddate "$5" -extfile "$1.ext" \
	    -notext -out "$1.pem" 2>/dev/null
}
