import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import express, { type Request } from 'express'

const app = express()
const socket = new Socket()

/** A request as Express hands it on, with its response, without the wire. */
export function requestOf(url: string, headers: Record<string, string>): Request {
  const req = Object.setPrototypeOf(new IncomingMessage(socket), app.request) as Request
  const res = Object.setPrototypeOf(new ServerResponse(req), app.response)
  Object.assign(req, { method: 'GET', url, originalUrl: url, res })
  Object.assign(req.headers, { host: 'app.example', ...headers })
  req.rawHeaders = Object.entries(req.headers).flatMap(([name, value]) => [name, String(value)])
  res.req = req
  return req
}
