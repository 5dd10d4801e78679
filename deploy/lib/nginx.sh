# shellcheck shell=bash
# The site's own nginx and its certificate.

# make_certificate: a self-signed one, renewed a week before it expires.
make_certificate() {
    local certificate=$dir/certificate.pem
    if [[ -s $certificate ]] && openssl x509 -in "$certificate" -noout -checkend 604800 >/dev/null 2>&1; then
        return
    fi
    (umask 077 && logged openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -days 825 -subj /CN=localhost -keyout "$dir/key.pem" -out "$certificate" \
        -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1')
    chmod 644 "$certificate"
}

# render_nginx: writes the configuration.
render_nginx() {
    local number sockets=() demo=
    for number in $(all_holdfast); do
        sockets+=("$(holdfast_socket "$number")")
    done
    ! demo_is_on || demo=$place/demo
    HOLDFAST_DEMO=$demo HOLDFAST_DEMO_SOCKET=${demo:+$(demo_socket)} \
        HOLDFAST_SOCKETS="${sockets[*]}" \
        HOLDFAST_HTTP_PORT=$HOLDFAST_HTTP_PORT HOLDFAST_HTTPS_PORT=$HOLDFAST_HTTPS_PORT \
        HOLDFAST_CERTIFICATE=$dir/certificate.pem HOLDFAST_CERTIFICATE_KEY=$dir/key.pem \
        HOLDFAST_ACCESS_LOG=${HOLDFAST_ACCESS_LOG:-$dir/logs/nginx-access.log} \
        HOLDFAST_ERROR_LOG=${HOLDFAST_ERROR_LOG:-$dir/logs/nginx.log} \
        HOLDFAST_NGINX_RUN=$run/nginx \
        "$root/nginx/render" --main "$dir/nginx"
}

# nginx_command: sets $nginx, its command line. Only root can choose the user of the workers.
nginx_command() {
    local globals='daemon off;'
    [[ $EUID != 0 ]] || globals+=" user $web_user;"
    nginx=(nginx -e "$dir/logs/nginx.log" -c "$dir/nginx/nginx.conf" -g "$globals")
}

# start_nginx: with the chosen ports.
start_nginx() {
    nginx_command
    logged "${nginx[@]}" -t
    launch nginx root "${nginx[@]}"
    wait_until 10 nginx test -s "$run/nginx/nginx.pid"
}

# On SIGQUIT nginx answers the requests in flight first.
stop_nginx() {
    stop_process nginx QUIT 15
}
