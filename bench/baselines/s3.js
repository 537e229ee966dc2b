// The S3 client and the tokens of the servers that tutorials show.

import { S3Client } from '@aws-sdk/client-s3'
import jwt from 'jsonwebtoken'

export const Bucket = process.env.S3_BUCKET
export const s3 = new S3Client({ endpoint: process.env.S3_ENDPOINT, forcePathStyle: true })

export function authenticate(req, res, next) {
  const token = req.headers.authorization?.split(' ')[1]
  jwt.verify(token, process.env.JWT_SECRET, (err, user) => {
    if (err) return res.sendStatus(401)
    req.user = user
    next()
  })
}
