"""Stands for Neutron's server (CLOUD_NEUTRON=stub): every list is empty.

Enough for instances without networks; saves the longest schema migration and 430 MiB.
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        path = self.path.split('?')[0].rstrip('/')
        name = path.split('/')[-1].removesuffix('.json').replace('-', '_')
        body = {name: []}
        if path in ('', '/v2.0'):
            link = {'rel': 'self', 'href': 'http://%s/v2.0/' % self.headers.get('Host')}
            body = {'versions': [{'id': 'v2.0', 'status': 'CURRENT', 'links': [link]}]}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)


ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
